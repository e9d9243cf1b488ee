/* SPDX-License-Identifier: ISC */
/* The settings of posts. */

#include "config.h"
#include "modules/posts/posts.h"
#include "product.h"

struct posts_settings	posts_settings;

SETTINGS(search,
    {
	ENV("SEARCH_LANGUAGE"),
	CHOICE("simple", "arabic", "armenian", "basque", "catalan", "danish",
	    "dutch", "english", "finnish", "french", "german", "greek",
	    "hindi", "hungarian", "indonesian", "irish", "italian",
	    "lithuanian", "nepali", "norwegian", "portuguese", "romanian",
	    "russian", "serbian", "spanish", "swedish", "tamil", "turkish",
	    "yiddish"),
	.text = &posts_settings.language,
	.fallback = "english",
	.meaning = "The language of new posts, for [searches]"
	    "(endpoints.md#posts): words are cut to their stems. `simple` "
	    "leaves them as they are.",
    },
    {
	ENV("SEARCH_TOTAL_MAX"), NUMBER(1, 1000000),
	.number = &posts_settings.total_max,
	.fallback = "10000",
	.meaning = "The total of a search is exact up to this number of "
	    "posts. Above, it is an estimate, and `total_is_estimate` is "
	    "true.",
    });
