/* SPDX-License-Identifier: ISC */
/* Notices: mails that tell users what happened to their account. */

#ifndef MODULES_USERS_NOTICES_H
#define MODULES_USERS_NOTICES_H

#include "jobs/jobs.h"
#include "modules/users/users.h"

/*
 * What a notice tells. Its text has no words of a client: the device is a name
 * from utils/user_agent.h. Only the new e-mail address is the user's, and an
 * old address that is not verified does not get to see it.
 */
struct notice {
	const char	*id;		/* the user's */
	const char	*email;		/* the old address; NULL: the user's */
	bool		 verified;	/* the old address was */
	const char	*from, *to;	/* what changed, or NULL */
	const char	*client;	/* the address that it came from; NULL:
					   an administrator did it */
	const char	*device;
};

extern struct schema	notice_schema;

JOB_KIND(send_password_notice, notice);
JOB_KIND(send_device_notice, notice);
JOB_KIND(send_role_notice, notice);
JOB_KIND(send_email_notice, notice);
JOB_KIND(send_taken_notice, notice);

/*
 * Each stores the job that sends the notice, in the open transaction of the
 * change: the user's password was changed; they signed in from a network that
 * they are not known in; an administrator changed their role; their address is
 * another one now, by their own wish or by an administrator's.
 */
void	users_notice_password(struct ctx *, const struct user *) AWAITS;
void	users_notice_device(struct ctx *, const struct user *) AWAITS;
void	users_notice_role(struct ctx *, const struct user *before,
	    const struct user *after) AWAITS;
void	users_notice_email(struct ctx *, const struct user *before,
	    const struct user *after, bool by_admin) AWAITS;

/*
 * Somebody tried to register with the address of a user, whoever that is: the
 * job looks, so that the request takes as long as for an address that is free.
 */
void	users_notice_taken(struct ctx *, const char *email) AWAITS;

/* In a job: sends its owner the mail about that. */
void	users_notice_send_taken(struct ctx *, const struct user *owner,
	    const struct notice *) AWAITS;

/*
 * For other mails about an account: "from 192.0.2.1, with Firefox on Linux", or
 * "by an administrator"; and when the job was stored.
 */
void		 users_notice_origin(struct ctx *, struct notice *);
const char	*users_notice_by(struct ctx *, const struct notice *);
const char	*users_notice_when(struct ctx *);

#endif
