/* SPDX-License-Identifier: ISC */
/* Mails as files: complete or not there, whatever fails. */

/* sources: src/mail/mail_file.c */
/* defines: -Wl,--wrap=write,--wrap=fsync,--wrap=close,--wrap=renameat */
/* defines: -Wl,--wrap=faccessat */

#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "mail_fixture.h"

#include "mail/smtp.h"

const struct error_kind		 ERR_UNAVAILABLE = { 503, "", "" };

struct mail_settings		 mail_settings;
static char			 state_dir[] = "/tmp/keel-mail-XXXXXX";
static jmp_buf			 raised;
static char			 why[256];
static char			 names[2][64];

/* The calls of one mail, in order. The first one with this name fails. */
static char			 calls[256];
static const char		*fails = "";
static unsigned			 interrupts;	/* of write() */
static size_t			 most = SIZE_MAX;	/* of one write() */

ssize_t	__wrap_write(int, const void *, size_t);
ssize_t	__real_write(int, const void *, size_t);
int	__wrap_fsync(int);
int	__real_fsync(int);
int	__wrap_close(int);
int	__real_close(int);
int	__wrap_renameat(int, const char *, int, const char *);
int	__real_renameat(int, const char *, int, const char *);
int	__wrap_faccessat(int, const char *, int, int);
int	__real_faccessat(int, const char *, int, int);

/* False: it must fail. "+fsync" is the second one. */
static bool
call(const char *name)
{
	size_t	 n = strlen(calls);
	bool	 again = strstr(calls, name) != NULL;

	snprintf(calls + n, sizeof(calls) - n, "%s%s", n > 0 ? " " : "", name);
	errno = EIO;
	return (strcmp(fails, name) != 0 &&
	    (!again || fails[0] != '+' || strcmp(fails + 1, name) != 0));
}

ssize_t
__wrap_write(int fd, const void *data, size_t len)
{
	if (interrupts > 0) {
		interrupts--;
		errno = EINTR;
		return (-1);
	}
	return (call("write") ? __real_write(fd, data, len < most ? len :
	    most) : -1);
}

int
__wrap_fsync(int fd)
{
	return (call("fsync") ? __real_fsync(fd) : -1);
}

/* It is closed in any case, and has another error to tell. */
int
__wrap_close(int fd)
{
	int	 r = __real_close(fd);

	if (call("close")) {
		errno = EBADF;
		return (r);
	}
	return (-1);
}

int
__wrap_renameat(int from, const char *old, int to, const char *new)
{
	return (call("rename") ? __real_renameat(from, old, to, new) : -1);
}

int
__wrap_faccessat(int fd, const char *name, int mode, int flags)
{
	return (call("access") ? __real_faccessat(fd, name, mode, flags) : -1);
}

void
raise_error(struct ctx *c, const struct error_kind *kind, const char *fmt, ...)
{
	va_list	 ap;

	(void)c;
	assert_ptr_equal(kind, &ERR_UNAVAILABLE);
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	longjmp(raised, 1);
}

char *
ctx_printf(struct ctx *c, const char *fmt, ...)
{
	static unsigned	 n;
	va_list		 ap;
	char		*name = names[n++ % 2];

	(void)c;
	va_start(ap, fmt);
	vsnprintf(name, sizeof(names[0]), fmt, ap);
	va_end(ap);
	return (name);
}

static const char *
path(const char *name)
{
	static char	 text[256];

	snprintf(text, sizeof(text), "%s/mail%s%s", state_dir,
	    *name != '\0' ? "/" : "", name);
	return (text);
}

static bool
write_mail(const char *data)
{
	struct message	 m = { .id = JOB_ID, .data = data,
			     .len = strlen(data) };

	why[0] = calls[0] = '\0';
	if (setjmp(raised) != 0)
		return (false);
	mail_file_write(NULL, &m);
	return (true);
}

static void
check_content(const char *want)
{
	char	 data[256];
	ssize_t	 n;
	int	 fd;

	fd = open(path(JOB_ID ".eml"), O_RDONLY);
	assert_true(fd != -1);
	n = read(fd, data, sizeof(data) - 1);
	close(fd);
	assert_true(n >= 0);
	data[n] = '\0';
	assert_string_equal(data, want);
}

static int
setup(void **state)
{
	(void)state;
	umask(022);
	assert_non_null(mkdtemp(state_dir));
	mail_settings.state_dir = state_dir;
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path(JOB_ID ".eml"));
	rmdir(path(""));
	return (rmdir(state_dir));
}

static void
test_the_folder_is_made(void **state)
{
	struct stat	 st;

	(void)state;
	assert_null(mail_file_init());
	assert_int_equal(stat(path(""), &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0700);
	assert_null(mail_file_init());
}

static void
test_a_mail_and_the_same_again(void **state)
{
	struct stat	 st;

	(void)state;
	assert_true(write_mail("one"));
	check_content("one");
	assert_int_equal(stat(path(JOB_ID ".eml"), &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_true(write_mail("two"));
	check_content("two");
	assert_int_equal(access(path("." JOB_ID ".new"), F_OK), -1);
}

static void
test_a_full_disk(void **state)
{
	struct rlimit	 old, none;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	none = old;
	none.rlim_cur = 2;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_false(write_mail("three"));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_string_equal(why, "Cannot write mail/" JOB_ID ".eml: File too "
	    "large");
	check_content("two");
	assert_int_equal(access(path("." JOB_ID ".new"), F_OK), -1);
}

#define BESIDE	"." JOB_ID ".new"

/* The name is there after the content, also when the power fails. */
static void
test_the_order(void **state)
{
	(void)state;
	assert_true(write_mail("two"));
	assert_string_equal(calls, "write fsync close rename fsync");

	interrupts = 2;
	most = 2;
	assert_true(write_mail("three"));
	assert_string_equal(calls, "write write write fsync close rename "
	    "fsync");
	most = SIZE_MAX;
	check_content("three");
}

static void
test_each_call_fails(void **state)
{
	static const struct {
		const char	*call, *calls, *content;
	} cases[] = {
		{ "write", "write close", "one" },
		{ "fsync", "write fsync close", "one" },
		{ "close", "write fsync close", "one" },
		{ "rename", "write fsync close rename", "one" },
		{ "+fsync", "write fsync close rename fsync", "two" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_true(write_mail("one"));
		fails = cases[i].call;
		assert_false(write_mail("two"));
		fails = "";
		assert_string_equal(calls, cases[i].calls);
		assert_string_equal(why, "Cannot write mail/" JOB_ID ".eml: "
		    "Input/output error");
		check_content(cases[i].content);
		if (strcmp(cases[i].call, "rename") != 0)
			assert_int_equal(access(path(BESIDE), F_OK), -1);
	}
}

static void
test_what_lies_beside(void **state)
{
	static const char	 longer[] = "what a dead runner has left";
	int			 fd;

	(void)state;
	fd = open(path(BESIDE), O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_int_equal(write(fd, longer, strlen(longer)), strlen(longer));
	close(fd);
	assert_true(write_mail("one"));
	check_content("one");

	/* A link would lead the mail to another file. */
	assert_int_equal(symlink(JOB_ID ".eml", path(BESIDE)), 0);
	assert_false(write_mail("two"));
	assert_int_equal(unlink(path(BESIDE)), 0);
	check_content("one");
}

static void
test_the_folder_is_gone(void **state)
{
	(void)state;
	unlink(path(JOB_ID ".eml"));
	assert_int_equal(rmdir(path("")), 0);
	assert_false(write_mail("four"));
	assert_non_null(strstr(why, "No such file or directory"));
	assert_null(mail_file_init());
	assert_true(write_mail("four"));
}

static void
test_not_a_folder(void **state)
{
	(void)state;
	unlink(path(JOB_ID ".eml"));
	assert_int_equal(rmdir(path("")), 0);
	mail_settings.state_dir = "/dev/null";
	assert_non_null(strstr(mail_file_init(), "cannot open /dev/null"));
	mail_settings.state_dir = state_dir;
	assert_int_equal(close(creat(path(""), 0600)), 0);
	assert_non_null(strstr(mail_file_init(), "cannot open"));
	assert_int_equal(unlink(path("")), 0);
}

static void
test_a_long_name(void **state)
{
	static char	 dir[1100];
	size_t		 len = strlen(state_dir);

	(void)state;
	strcpy(dir, state_dir);
	for (; len < 1018; len++)
		dir[len] = '/';
	mail_settings.state_dir = dir;
	assert_null(mail_file_init());
	dir[len] = '/';
	assert_string_equal(mail_file_init(), "KEEL_STATE_DIR is too long");
	mail_settings.state_dir = state_dir;
}

static void
test_a_folder_that_cannot_be_written(void **state)
{
	(void)state;
	fails = "access";
	assert_non_null(strstr(mail_file_init(), "cannot write mails to"));
	fails = "";
}

static void
check_refused(const char *phrase)
{
	const char	*what = mail_file_init();

	assert_non_null(what);
	assert_non_null(strstr(what, phrase));
}

/* Another user may have made the folder, to read the mails or redirect them. */
static void
test_folder_of_another_user(void **state)
{
	(void)state;
	assert_int_equal(symlink(".", path("")), 0);
	check_refused("cannot open");
	assert_int_equal(unlink(path("")), 0);

	assert_int_equal(mkdir(path(""), 0700), 0);
	assert_int_equal(chmod(path(""), 0777), 0);
	check_refused("open to others");
	assert_int_equal(rmdir(path("")), 0);

	assert_int_equal(chmod(state_dir, 0777), 0);
	check_refused("open to others");
	assert_int_equal(access(path(""), F_OK), -1);
	assert_int_equal(chmod(state_dir, 0700), 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_the_folder_is_made),
		cmocka_unit_test(test_a_mail_and_the_same_again),
		cmocka_unit_test(test_a_full_disk),
		cmocka_unit_test(test_the_order),
		cmocka_unit_test(test_each_call_fails),
		cmocka_unit_test(test_what_lies_beside),
		cmocka_unit_test(test_a_long_name),
		cmocka_unit_test(test_a_folder_that_cannot_be_written),
		cmocka_unit_test(test_the_folder_is_gone),
		cmocka_unit_test(test_not_a_folder),
		cmocka_unit_test(test_folder_of_another_user),
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
