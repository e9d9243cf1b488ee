/* SPDX-License-Identifier: ISC */
/* Opens Kore's sandbox, for modules that show another defect: see sandbox.c. */

#include <kore/seccomp.h>

void	kore_seccomp_hook(void);

static struct sock_filter	allow[] = {
	BPF_STMT(BPF_RET + BPF_K, SECCOMP_RET_ALLOW),
};

void
kore_seccomp_hook(void)
{
	kore_seccomp_filter("allow", allow, KORE_FILTER_LEN(allow));
}
