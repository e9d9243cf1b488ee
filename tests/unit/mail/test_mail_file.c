/* SPDX-License-Identifier: ISC */
/* Mails as files: complete or not there, whatever fails. */

/* sources: src/mail/mail_file.c */

#include <sys/resource.h>
#include <sys/stat.h>

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

	why[0] = '\0';
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
		cmocka_unit_test(test_the_folder_is_gone),
		cmocka_unit_test(test_not_a_folder),
		cmocka_unit_test(test_folder_of_another_user),
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
