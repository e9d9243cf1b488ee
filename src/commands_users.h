/* SPDX-License-Identifier: ISC */
/* The commands about users: see commands.h. */

#ifndef SRC_COMMANDS_USERS_H
#define SRC_COMMANDS_USERS_H

/* Each ends the process with status 1 if it cannot do it. */
void	command_create_admin(void);
void	command_end_sessions(void);
void	command_reset_password(void);
void	command_set_role(void);
void	command_unlock(void);
void	command_email_key(void);
void	command_users(void);

#endif
