/* SPDX-License-Identifier: ISC */
/* The settings of mail that few need to change: places and time-outs. */

#include "config.h"
#include "jobs/jobs.h"
#include "mail/mail_settings.h"
#include "product.h"

SETTINGS(delivery,
    {
	ENV("MAIL_CONCURRENCY"), NUMBER(1, 256), .number = &jobs_settings.mails,
	.fallback = "16",
	.meaning = "Mails that are sent at once, in each process of "
	    "`./keel jobs`; [they take no place of other jobs]"
	    "(jobs.md#places).",
    },
    {
	ENV("MAIL_WAITING"), NUMBER(0, 500),
	.number = &jobs_settings.waiting,
	.fallback = "100",
	.meaning = "Mails besides that have waited for the mail server for "
	    "three seconds, so that others can go on; each has a thread.",
    },
    {
	ENV("SMTP_CONNECT_SECONDS"), NUMBER(1, 3600),
	.number = &mail_settings.connect_seconds,
	.fallback = "30",
	.meaning = "How long to wait for a connection to the mail server, "
	    "and for TLS.",
    },
    {
	ENV("SMTP_REPLY_SECONDS"), NUMBER(1, 3600),
	.number = &mail_settings.reply_seconds,
	.fallback = "300",
	.meaning = "How long to wait for the mail server's greeting, and for "
	    "each of its replies to EHLO, STARTTLS, AUTH, MAIL and RCPT.",
    },
    {
	ENV("SMTP_DATA_SECONDS"), NUMBER(1, 3600),
	.number = &mail_settings.data_seconds,
	.fallback = "120",
	.meaning = "How long to wait for its reply to DATA.",
    },
    {
	ENV("SMTP_BLOCK_SECONDS"), NUMBER(1, 3600),
	.number = &mail_settings.block_seconds,
	.fallback = "180",
	.meaning = "How long it may take to send each 64 KB of a mail.",
    },
    {
	ENV("SMTP_END_SECONDS"), NUMBER(1, 3600),
	.number = &mail_settings.end_seconds,
	.fallback = "600",
	.meaning = "How long to wait for its reply to the end of a mail; less "
	    "than its own time [sends mails twice](jobs.md#mail).",
    });
