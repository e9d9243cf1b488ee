/* SPDX-License-Identifier: ISC */
/* A pair that is replaced while it is served: the parent, and a worker. */

/* sources: src/base/log_write.c */
/* sources: src/wire/tls.c src/wire/tls_context.c src/wire/tls_pair.c */
/* sources: src/wire/tls_tickets.c src/wire/tls_keymgr.c */
/* sources: src/wire/tls_renew.c src/wire/wire_settings.c src/base/metrics.c */
/* sources: src/base/log.c src/base/log_write.c src/base/jsonw.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* sources: tests/unit/fakes/log_fake.c */

#include "wire/tls_renew_fixture.h"

#include "utils/timefmt.h"

#define DAY_MS	(DAY_S * 1000)

static void
write_new(void)
{
	write_pair(EVP_EC_gen("P-256"), NEW);
}

/* By an hour. */
static void
write_longer(void)
{
	EVP_PKEY	*pkey = EVP_EC_gen("P-256");

	write_dated(pkey, NEW, -DAY_S, 61 * DAY_S / 2 + 3600);
	EVP_PKEY_free(pkey);
}

static void
test_the_files_are_read_every_ten_seconds(void **state)
{
	unsigned	 ticks = TLS_LOOK_MS / TICK_MS;

	(void)state;
	write_new();
	assert_null(tick(ticks - 1, false, NULL));
	assert_int_equal(serial_of(domain.ssl_ctx), OLD);
	assert_tick(1, false, "info", "from now on: 30 days left, until ");
	assert_int_equal(serial_of(domain.ssl_ctx), NEW);
	assert_null(tick(3 * ticks, false, NULL));
}

static void
test_a_signal_is_always_answered(void **state)
{
	(void)state;
	assert_tick(1, true, "info", "cert.pem has not changed: 30 days left");
	assert_null(tick(1, false, NULL));
	unlink(key);
	assert_tick(1, true, "error", "No such file");
	assert_tick(1, true, "error", "No such file");
	assert_null(tick(30, false, NULL));
}

/* The certificate is there, and its key comes a moment later. */
static void
test_half_of_a_new_pair_is_no_error(void **state)
{
	char	 old_key[80], new_key[80];

	(void)state;
	snprintf(old_key, sizeof(old_key), "%s.old", key);
	snprintf(new_key, sizeof(new_key), "%s.new", key);
	assert_int_equal(rename(key, old_key), 0);
	write_new();
	assert_int_equal(rename(key, new_key), 0);
	assert_int_equal(rename(old_key, key), 0);
	assert_null(tick(TLS_LOOK_MS / TICK_MS, false, NULL));
	assert_int_equal(serial_of(domain.ssl_ctx), OLD);
	assert_int_equal(rename(new_key, key), 0);
	assert_tick(1, false, "info", "is new");
	assert_int_equal(serial_of(domain.ssl_ctx), NEW);
}

/* Once, and again when it is another problem, or comes back. */
static void
test_each_bad_pair_is_told_once(void **state)
{
	char	 kept[80];

	(void)state;
	snprintf(kept, sizeof(kept), "%s.kept", key);
	assert_int_equal(rename(key, kept), 0);
	assert_null(tick(20, false, NULL));
	assert_tick(1, false, "error", "key.pem: No such file");
	assert_null(tick(100, false, NULL));
	assert_int_equal(rename(kept, key), 0);
	assert_null(tick(100, false, NULL));
	assert_int_equal(rename(key, kept), 0);
	assert_tick(21, false, "error", "key.pem: No such file");
	write_key_only(EVP_EC_gen("P-256"));
	assert_tick(21, false, "error", "does not belong");
	assert_null(tick(100, false, NULL));
	write_key_only(EVP_EC_gen("P-256"));
	assert_tick(21, false, "error", "does not belong");
	assert_int_equal(serial_of(domain.ssl_ctx), OLD);
	unlink(kept);
}

/* As a worker that the parent has forked before. */
static void
become_worker(SSL_CTX *before)
{
	assert_int_equal(tls_served->generation, 2);
	tls_served->generation = 0;
	SSL_CTX_up_ref(before);
	tls_serve(tls_served, before);
}

static void
test_a_worker_takes_the_new_pair(void **state)
{
	SSL_CTX	*before = domain.ssl_ctx;
	SSL	*open;

	(void)state;
	tls_renew_take();
	assert_ptr_equal(domain.ssl_ctx, before);
	assert_non_null(open = SSL_new(before));
	SSL_CTX_up_ref(before);
	write_new();
	assert_tick(1, true, "info", "is new");
	become_worker(before);
	unlink(cert);
	unlink(key);
	tls_renew_take();
	assert_int_equal(serial_of(domain.ssl_ctx), NEW);
	assert_int_equal(tls_served->generation, 2);
	before = domain.ssl_ctx;
	tls_renew_take();
	assert_ptr_equal(domain.ssl_ctx, before);
	assert_int_equal(serial_of(SSL_get_SSL_CTX(open)), OLD);
	SSL_CTX_free(SSL_get_SSL_CTX(open));
	SSL_free(open);
}

/* It keeps the old one, says so once, and tries again at each tick. */
static void
test_a_worker_does_not_take_half_a_text(void **state)
{
	struct tls_slot	*slot = tls_served->slot;
	SSL_CTX		*before = domain.ssl_ctx;
	char		 first;
	json_t		*event;

	(void)state;
	SSL_CTX_up_ref(before);
	write_new();
	assert_tick(1, true, "info", "is new");
	become_worker(before);
	slot->generation++;
	tls_renew_take();
	assert_ptr_equal(domain.ssl_ctx, before);
	slot->generation++;

	first = slot->text.cert[0];
	slot->text.cert[0] = 'x';
	log_capture_begin();
	tls_renew_take();
	tls_renew_take();
	event = log_capture_event("time:s level:s event:s message:s");
	assert_non_null(strstr(json_string_value(json_object_get(event,
	    "message")), "a worker cannot use the certificate "));
	json_decref(event);
	assert_ptr_equal(domain.ssl_ctx, before);
	slot->text.cert[0] = first;
	tls_renew_take();
	assert_int_equal(serial_of(domain.ssl_ctx), NEW);
	SSL_CTX_free(before);
}

/* Of two pairs, one is replaced: for all domains that have it. */
static void
test_each_pair_has_its_domains(void **state)
{
	struct kore_domain	 same = { 0 }, other = { 0 };
	char			 other_cert[80], other_key[80];
	int64_t			 before;

	(void)state;
	teardown(NULL);
	begin_servers();
	TAILQ_INSERT_TAIL(&server.domains, &same, list);
	TAILQ_INSERT_TAIL(&server.domains, &other, list);
	snprintf(other_cert, sizeof(other_cert), "%s.other", cert);
	snprintf(other_key, sizeof(other_key), "%s.other", key);
	assert_int_equal(link(cert, other_cert), 0);
	assert_int_equal(link(key, other_key), 0);
	domain.certfile = strdup(cert);
	domain.certkey = strdup(key);
	same.certfile = strdup(cert);
	same.certkey = strdup(key);
	other.certfile = strdup(other_cert);
	other.certkey = strdup(other_key);
	assert_null(tls_init(NULL, NULL));
	assert_null(tls_renew_init());
	log_init(LEVEL_INFO, FORMAT_JSON);
	unlink(cert);
	unlink(key);
	before = shared->certificate_expires;
	write_longer();
	assert_tick(1, false, "info", "cert.pem is new");
	assert_int_equal(serial_of(domain.ssl_ctx), NEW);
	assert_ptr_equal(same.ssl_ctx, domain.ssl_ctx);
	assert_int_equal(serial_of(other.ssl_ctx), OLD);
	assert_int_equal(shared->certificate_expires, before);
	unlink(other_cert);
	unlink(other_key);
	teardown(NULL);
	begin_servers();
}

/* Its files never change: a key, which the key manager can load. */
static void
test_the_key_manager_reads_a_file_of_its_own(void **state)
{
	struct stat	 st;
	EVP_PKEY	*pkey;
	FILE		*f;

	(void)state;
	assert_string_not_equal(domain.certkey, key);
	assert_string_equal(domain.certfile, domain.certkey);
	assert_int_equal(stat(domain.certfile, &st), 0);
	assert_true(S_ISREG(st.st_mode) && st.st_size > 0);
	assert_non_null(f = fopen(domain.certkey, "r"));
	assert_non_null(pkey = PEM_read_PrivateKey(f, NULL, NULL, NULL));
	EVP_PKEY_free(pkey);
	fclose(f);
}

/* The server starts with a pair that is valid from then to then. */
static const char *
start_with(long begins, long expires)
{
	EVP_PKEY	*pkey = EVP_EC_gen("P-256");

	teardown(NULL);
	begin_servers();
	write_dated(pkey, OLD, begins, expires);
	EVP_PKEY_free(pkey);
	assert_null(tls_init(cert, key));
	log_init(LEVEL_INFO, FORMAT_JSON);
	log_capture_begin();
	assert_null(tls_renew_init());
	return (log_capture_end());
}

static const struct {
	long		 begins, expires;
	int		 days;
	const char	*text;
} soon[] = {
	{ -DAY_S, 14 * DAY_S - 60, 13, "cert.pem: 13 days left, until " },
	{ -DAY_S, 2 * DAY_S - 60, 1, "cert.pem: 1 day left, until " },
	{ -DAY_S, DAY_S / 2, 0, "cert.pem: 0 days left, until " },
	{ -9 * DAY_S, -60, -1, "cert.pem: expired on " },
	{ -9 * DAY_S, -DAY_S - 60, -2, "cert.pem: expired on " },
	{ 60, 20 * DAY_S + 60, 20, "cert.pem: not valid before " },
};

/* At the start, and once a day. */
static void
test_a_warning_comes_in_time(void **state)
{
	size_t	 i, days;

	(void)state;
	for (i = 0; i < sizeof(soon) / sizeof(soon[0]); i++) {
		assert_non_null(strstr(start_with(soon[i].begins,
		    soon[i].expires), soon[i].text));
		assert_int_equal(timefmt_whole_days(
		    shared->certificate_expires - timefmt_now()),
		    soon[i].days);
		assert_null(tick(1, false, NULL));
		for (days = 0; days < 2; days++) {
			clock_ms += DAY_MS - 2 * TICK_MS;
			assert_null(tick(1, false, NULL));
			assert_tick(1, false, "warning", soon[i].text);
		}
	}
	assert_string_equal(start_with(-DAY_S, 14 * DAY_S + 60), "");
	assert_null(tick(1, false, NULL));
	clock_ms += DAY_MS;
	assert_null(tick(1, false, NULL));
}

static void
test_a_renewal_moves_the_days_left(void **state)
{
	int64_t	 before = shared->certificate_expires;

	(void)state;
	write_longer();
	assert_tick(1, true, "info", "is new");
	assert_in_range(shared->certificate_expires - before,
	    3590 * INT64_C(1000000), 3610 * INT64_C(1000000));
}

static void
test_without_tls(void **state)
{
	(void)state;
	teardown(NULL);
	begin_servers();
	server.tls = 0;
	shared->certificate_expires = 0;
	assert_null(tls_init(NULL, NULL));
	assert_null(tls_renew_init());
	log_init(LEVEL_INFO, FORMAT_JSON);
	assert_int_equal(shared->certificate_expires, 0);
	assert_null(tick(30, false, NULL));
	assert_tick(1, true, "info", "none is served: TLS is off");
	tls_renew_take();
}

#define RENEW_TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		RENEW_TEST(test_the_files_are_read_every_ten_seconds),
		RENEW_TEST(test_a_signal_is_always_answered),
		RENEW_TEST(test_half_of_a_new_pair_is_no_error),
		RENEW_TEST(test_each_bad_pair_is_told_once),
		RENEW_TEST(test_a_worker_takes_the_new_pair),
		RENEW_TEST(test_a_worker_does_not_take_half_a_text),
		RENEW_TEST(test_each_pair_has_its_domains),
		RENEW_TEST(test_the_key_manager_reads_a_file_of_its_own),
		RENEW_TEST(test_a_warning_comes_in_time),
		RENEW_TEST(test_a_renewal_moves_the_days_left),
		RENEW_TEST(test_without_tls),
	};

	return (cmocka_run_group_tests_name("tls_renew", tests, make_folder,
	    remove_folder));
}
