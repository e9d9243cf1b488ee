/* SPDX-License-Identifier: ISC */
/* Project Wycheproof's tokens. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utils/base64url.h"
#include "utils/jwt.h"

#define ISS	"https://keel.example"
#define AUD	"keel-api"
#define NOW	1795346625

static const struct jwt_key key = {
	.alg = "HS256", .secret = "0123456789abcdef0123456789abcdef",
	.secret_len = 32
};

/*
 * Project Wycheproof's JWS vectors, from the folder KEEL_TEST_WYCHEPROOF. Their
 * headers differ from ours, so none may pass as an access token. The signatures
 * of the HMAC ones must get the verdict of the file.
 */
static void
test_wycheproof(void **state)
{
	static const char *const files[] = { "json_web_signature_test.json",
	    "json_web_crypto_test.json" };
	const char		*folder, *alg, *k, *jws;
	struct jwt_claims	 claims;
	struct jwt_key		 test_key;
	unsigned char		 secret[256];
	char			 path[1024];
	json_t			*file, *group, *private, *test;
	size_t			 f, i, j;
	ssize_t			 len;
	int			 id, count = 0, right = 0;
	bool			 valid;

	(void)state;
	if ((folder = getenv("KEEL_TEST_WYCHEPROOF")) == NULL)
		skip();
	for (f = 0; f < 2; f++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[f]);
		if ((file = json_load_file(path, 0, NULL)) == NULL)
			fail_msg("cannot read %s", path);
		json_array_foreach(json_object_get(file, "testGroups"), i,
		    group) {
			private = json_object_get(group, "private");
			alg = json_string_value(json_object_get(private,
			    "alg"));
			k = json_string_value(json_object_get(private, "k"));
			json_array_foreach(json_object_get(group, "tests"), j,
			    test) {
				jws = json_string_value(json_object_get(test,
				    "jws"));
				if (jws == NULL)
					continue;
				assert_int_not_equal(jwt_verify(&key, jws, ISS,
				    AUD, NOW, 0, &claims), JWT_OK);
				if (k == NULL ||
				    jwt_algorithm_min_secret(alg) == 0)
					continue;
				len = base64url_decode(secret, sizeof(secret),
				    k, strlen(k));
				assert_true(len >= 32);
				test_key = (struct jwt_key){ .alg = alg,
				    .secret = secret,
				    .secret_len = (size_t)len };
				assert_int_not_equal(jwt_verify(&test_key, jws,
				    ISS, AUD, NOW, 0, &claims), JWT_OK);

				id = (int)json_integer_value(json_object_get(
				    test, "tcId"));
				valid = strcmp(json_string_value(
				    json_object_get(test, "result")),
				    "valid") == 0;
				/*
				 * In this version of the file, 372 and 373 are
				 * called valid despite a stray '?' in them; 367
				 * and 370 should have bad padding, but have
				 * none: they equal 357, which is valid.
				 */
				if (f == 0 && (id == 372 || id == 373))
					valid = false;
				if (f == 0 && (id == 367 || id == 370))
					valid = true;
				if (valid != (jwt_verify_signature(&test_key,
				    jws) == JWT_OK))
					fail_msg("%s %d", files[f], id);
				count++;
				right += valid;
			}
		}
		json_decref(file);
	}
	print_message("wycheproof: %d HMAC vectors, %d of them valid\n",
	    count, right);
	assert_true(count >= 50 && right >= 8);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_wycheproof),
	};

	return (cmocka_run_group_tests_name("jwt_wycheproof", tests, NULL,
	    NULL));
}
