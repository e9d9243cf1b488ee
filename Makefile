# SPDX-License-Identifier: ISC
# Keel on Debian 12. kodev compiles. make adds what kodev lacks: a folder for
# each flavour, a rebuild when a header changes, packages, tests.

# As ./keel has them.
PRODUCT := $(shell sed -n 's/^product=//p' keel)
PREFIX := $(shell sed -n 's/^prefix=//p' keel)

FLAVOR = dev
OUT = .build/$(FLAVOR)/keel
PYTHON = /usr/bin/python3

# Debian's npm, unless another one is installed.
NPM = $(if $(shell command -v npm),,npm)

# Debian's postgresql-15 creates and starts a system cluster. Keel never uses
# it: the private cluster is in ./var.
RUN_PACKAGES = kore gcc libc6-dev libpq-dev libssl-dev libjansson-dev \
	libargon2-dev libcrypt-dev libidn2-dev libunistring-dev \
	libcurl4-openssl-dev \
	postgresql-15 openssl util-linux python3
# nginx-light and caddy are not here, because Debian starts each of them on all
# addresses when it is installed. Their tests are skipped where they are absent.
TEST_PACKAGES = libcmocka-dev python3-pytest \
	python3-pytest-xdist python3-httpx python3-psycopg2 \
	python3-requests-oauthlib python3-authlib python3-cryptography python3-jose \
	python3-email-validator \
	python3-passlib python3-bcrypt python3-jsonschema \
	python3-aiosmtpd sslscan haproxy pgbouncer \
	slowhttptest strace procps iproute2 chromium libnss3-tools \
	libnss-wrapper wrk
# Debian starts each when it is installed: etcd on loopback, and a Patroni
# without a configuration ends at once.
FAILOVER_PACKAGES = patroni etcd-server

# What make bench needs besides RUN_PACKAGES.
BENCH_PACKAGES = wrk strace procps python3-psycopg2 python3-httpx \
	python3-bcrypt

# For the docs page, from npm; conf/swagger-ui has the exact version. npm does
# not run the package's scripts: one of them reports the installation.
SWAGGER_FILES = swagger-ui-bundle.js swagger-ui.css
SWAGGER_UI = $(SWAGGER_FILES:%=assets/swagger-ui/%) \
	$(SWAGGER_FILES:%=assets/swagger-ui/%.gz)

.DELETE_ON_ERROR:

.PHONY: help run watch test check deps deps-test build build-both lint check-unit \
	check-api check-api-smoke check-api-asan check-starter check-openapi \
	fuzz attacks proof-asan proof-jobs proof-fuzz proof-attacks \
	proof-sign-ins proof-starter proof-timing proof-clients \
	proof-cursors proof-restarts proof-failover proof-scale proof-signals \
	proof-aarch64 values proof-values bench golden rooms h1spec \
	kore-defects mutants \
	coverage clean

help:
	@echo 'make run              install what is missing, build, serve'
	@echo 'make watch            the same, and again after each save'
	@echo 'make test             install what is missing, run every suite'
	@echo 'make check            before a commit: lint, unit, a short API run'
	@echo
	@echo 'make build            build a flavour: FLAVOR=dev, prod or asan'
	@echo 'make lint             the rules of the tree (tests/lint)'
	@echo 'make check-unit       the C tests (tests/unit)'
	@echo 'make check-api        the API tests on the prod build (tests/api)'
	@echo 'make check-api-smoke  some API tests from each folder'
	@echo 'make check-api-asan   the tests of memory, wire and faults, and the'
	@echo '                      smoke tests, on the asan build'
	@echo "make check-starter    ./keel new-resource, init and others"
	@echo "                      in copies of the tree (tests/starter)"
	@echo "make check-openapi    the ecosystem's tools (tests/openapi)"
	@echo 'make fuzz             random bytes, asan build: SECONDS=15 SEED=1'
	@echo 'make attacks          slow clients, floods, guessing: a short run'
	@echo
	@echo 'make proof-asan       all API tests on the asan build'
	@echo 'make proof-jobs       the job tests at full size'
	@echo 'make proof-fuzz       ten minutes of fuzz'
	@echo 'make proof-attacks    each attack of slow clients for 8 seconds'
	@echo 'make proof-sign-ins   floods of sign-ins and guessing, in full'
	@echo 'make proof-starter    resources, a name, and a merge, in clean clones'
	@echo 'make proof-timing     do times tell whether an account exists?'
	@echo 'make proof-cursors    lists by cursor, with 10,000 equal times'
	@echo 'make proof-restarts   restarts under load, without a failed request'
	@echo 'make proof-failover   the primary of three PostgreSQL dies ten times'
	@echo 'make proof-signals    each signal, at each moment, to each process'
	@echo 'make proof-aarch64    the switch of stacks, on aarch64 under qemu'
	@echo 'make proof-values     texts against Python, key migration, in full'
	@echo 'make proof-scale      1,000,000 posts against 10,000'
	@echo "make proof-clients    five generators' clients (tests/clients)"
	@echo
	@echo 'make bench            what a request costs, and how fast Keel is:'
	@echo '                      ONLY=user ROUNDS=3 AGAINST=../other'
	@echo
	@echo 'make mutants          test the tests: ONLY=src/http, or SAMPLE=10'
	@echo 'make coverage         what the unit and API tests run of src, by room'
	@echo 'make golden           renew tests/golden and tests/starter/notes'
	@echo 'make rooms            renew docs/rooms.md, the arrows of src'
	@echo 'make kore-defects     test the defects of stock Kore'
	@echo "make h1spec           h1spec's cases: H1SPEC=path/to/http_test.ts"
	@echo 'make deps deps-test   only install what run and test need'
	@echo 'make clean            remove what was built; ./var is kept'

# Migrates the database that is set (KEEL_DATABASE_URL): ./keel serve migrates
# only its private one.
run: deps
	@+$(MAKE) --no-print-directory build
	@if [ -n "$${$(PREFIX)DATABASE_URL+set}" ]; then \
		$(PREFIX)FLAVOR=$(FLAVOR) ./keel migrate && \
		echo "$(PRODUCT): to make the first admin: printf %s" \
		    "'A-good-passw0rd' | ./keel create-admin admin@example.com"; \
	fi
	@$(PREFIX)FLAVOR=$(FLAVOR) exec ./keel serve --with-jobs

watch: deps
	@exec $(PYTHON) -B tools/watch.py $(FLAVOR)

# One after the other, fastest first, even with -j.
test: deps-test
	@mkdir -p .build && : >.build/suites
	@+$(TIMED) lint
	@+$(TIMED) check-unit
	@+$(TIMED) build-both
	@+$(TIMED) check-api
	@+$(TIMED) check-starter
	@+$(TIMED) check-openapi
	@+$(TIMED) check-api-asan
	@+$(TIMED) fuzz SECONDS=15
	@+$(TIMED) attacks
	@+$(TIMED) values
	@+$(TIMED) mutants SAMPLE=10
	@SUITES_FILE=.build/suites $(PYTHON) -B tests/suite.py --table

# Takes a minute if the tree is already built.
check:
	@mkdir -p .build && : >.build/suites
	@+$(TIMED) lint
	@+$(TIMED) check-unit
	@+$(TIMED) check-api-smoke
	@SUITES_FILE=.build/suites $(PYTHON) -B tests/suite.py --table

TIMED = SUITES_FILE="$$PWD/.build/suites" $(MAKE) --no-print-directory

deps:
	@$(call install,$(RUN_PACKAGES) $(NPM))
	@+$(MAKE) --no-print-directory $(SWAGGER_UI)

deps-test:
	@$(call install,$(RUN_PACKAGES) $(TEST_PACKAGES) $(NPM))

$(SWAGGER_UI) &: conf/swagger-ui/package-lock.json
	@command -v npm >/dev/null || \
	    { echo "$(PRODUCT): npm is missing: run 'make deps'" >&2; exit 1; }
	@mkdir -p .build/swagger-ui assets/swagger-ui
	@cp conf/swagger-ui/package.json conf/swagger-ui/package-lock.json \
	    .build/swagger-ui
	@cd .build/swagger-ui && npm ci --ignore-scripts --no-audit --no-fund \
	    --prefer-offline
	@for file in $(SWAGGER_FILES); do \
		cp .build/swagger-ui/node_modules/swagger-ui-dist/$$file \
		    assets/swagger-ui/ && \
		gzip -9nc assets/swagger-ui/$$file \
		    >assets/swagger-ui/$$file.gz || exit 1; \
	done

# kodev builds the module, and tools/build.py makes it use all cores.
build: $(SWAGGER_UI)
	@$(PYTHON) -B tools/build.py $(FLAVOR) $(OUT)

# Side by side: each links alone for a while.
build-both: $(SWAGGER_UI)
	@mkdir -p .build
	@$(MAKE) --no-print-directory build FLAVOR=asan >.build/asan.log 2>&1 & \
	$(MAKE) --no-print-directory build FLAVOR=prod; prod=$$?; \
	wait $$! && [ $$prod -eq 0 ] || { cat .build/asan.log; exit 1; }

# $(SUITE) 'its name' a command: counts its tests and its seconds.
SUITE = $(PYTHON) -B tests/suite.py
PROD = KEEL_BUILD="$$PWD/.build/prod/keel" $(SUITE)
ASAN = KEEL_BUILD="$$PWD/.build/asan/keel" $(SUITE)

lint:
	@$(SUITE) lint $(MAKE) --no-print-directory rules

.PHONY: rules
rules:
	@passed=0; failed=0; \
	for rule in tests/lint/[a-z]*.py; do \
		if $(PYTHON) -B "$$rule"; then \
			passed=$$((passed + 1)); \
		else \
			failed=$$((failed + 1)); \
		fi; \
	done; \
	echo "rules: $$passed passed, $$failed failed"; \
	[ $$failed -eq 0 ]

check-unit:
	@$(SUITE) unit $(MAKE) --no-print-directory -C tests/unit check

# Whole files, several at a time: more than half of the time the tests wait. The
# asan build is slower, and tests that measure deadlines need room.
PYTEST = $(PYTHON) -m pytest --dist loadfile

check-api:
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@$(PROD) 'api (prod)' $(PYTEST) -n 4 tests/api

# What ./keel new-resource and init make, in copies of the tree and its builds.
check-starter:
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@$(SUITE) starter $(PYTEST) -n 2 tests/starter

check-api-smoke:
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@$(PROD) 'api (smoke)' $(PYTEST) -n 4 -m smoke tests/api

check-api-asan:
	@$(MAKE) --no-print-directory build FLAVOR=asan
	@$(ASAN) 'api (asan)' $(PYTEST) -n 3 -m asan tests/api

proof-asan:
	@$(MAKE) --no-print-directory build FLAVOR=asan
	@$(ASAN) 'api (all, asan)' $(PYTEST) -n 3 tests/api

proof-jobs:
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@FULL_SIZE=1 $(PROD) 'jobs (full)' $(PYTEST) -n 3 tests/api/jobs

proof-cursors:
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@FULL_SIZE=1 $(PROD) 'cursors (full)' $(PYTEST) -n 2 \
	    tests/api/lists/test_cursor.py tests/api/lists/test_posts_cursor.py

proof-restarts:
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@FULL_SIZE=1 $(PROD) 'restarts (full)' $(PYTEST) -s \
	    tests/api/operations/test_restarts.py \
	    tests/api/operations/test_certificates.py

# KILLS=2 is a shorter run; ONLY=hosts or ONLY=haproxy takes one of the two.
proof-failover:
	@$(call install,$(FAILOVER_PACKAGES))
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@FULL_SIZE=1 $(PROD) 'failover (full)' $(PYTEST) \
	    tests/api/database/test_failover.py
	@FULL_SIZE=1 $(PROD) 'failover (Patroni)' $(PYTHON) -B \
	    tests/failover/failover.py \
	    $(if $(KILLS),--kills $(KILLS)) $(if $(ONLY),--only $(ONLY))

# ONLY='draining worker' takes the rows of the table whose name matches.
# Under qemu, since nobody has such a machine here. The last flags sign return
# addresses and mark where a jump may lead.
ARM = aarch64-linux-gnu-gcc -g -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror \
	-Isrc -Itests/aarch64 -Itests/unit/coro

proof-aarch64:
	@$(call install,gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)
	@mkdir -p .build/aarch64
	@for flags in -O0 -O2 '-O2 -mbranch-protection=standard'; do \
		$(ARM) $$flags -o .build/aarch64/stack_switch -static \
		    tests/unit/coro/test_stack_switch.c \
		    src/coro/stack_switch.c -lm && \
		qemu-aarch64 .build/aarch64/stack_switch || exit 1; \
	done

proof-signals:
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@$(PROD) signals $(PYTHON) -B tests/signals/signals.py \
	    $(if $(ONLY),--only '$(ONLY)')

# Compares C and SQL with Python's own tables. `make check-unit` does so with
# addresses and passwords.
values:
	@$(SUITE) values $(PYTHON) -B tests/values/names.py

proof-values:
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@FULL_SIZE=1 $(SUITE) 'values (addresses, passwords)' \
	    $(MAKE) --no-print-directory -C tests/unit values
	@$(SUITE) 'values (names)' $(PYTHON) -B tests/values/names.py --full
	@FULL_SIZE=1 $(PROD) 'values (migrations)' $(PYTEST) -s \
	    tests/api/database/test_email_keys.py

proof-scale:
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@$(PROD) scale $(PYTHON) -B tests/scale/posts.py \
	    $(if $(COUNT),--count $(COUNT))

proof-clients:
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@$(PROD) clients $(PYTHON) -B tests/clients/run.py

check-openapi:
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@$(PROD) openapi $(PYTHON) -B tests/openapi/run.py

# Breaks the code on purpose, one place at a time: a test must fail each time.
# The copies start from these builds.
mutants:
	@+$(MAKE) --no-print-directory build-both all-unit
	@$(SUITE) mutants $(PYTHON) -B tests/mutants/run.py \
	    $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED)) \
	    $(foreach path,$(ONLY),--only $(path))

.PHONY: all-unit
all-unit:
	@$(MAKE) --no-print-directory -C tests/unit all

# The asan build again, measured. Its tests are the same, so their results do
# not matter here, except to tell why a function is not reached.
COVERAGE = .build/coverage
coverage:
	@CFLAGS=--coverage LDFLAGS='--coverage -Wl,-u,__gcov_dump' \
	    $(MAKE) --no-print-directory build FLAVOR=asan OUT=$(COVERAGE)/keel
	@gcc -shared -fPIC -Wl,-z,initfirst \
	    -o $(COVERAGE)/keel/asan-first.so \
	    tests/asan/first.c tests/coverage/dump.c
	@find $(COVERAGE) -name '*.gcda' -delete
	@$(SUITE) 'unit (coverage)' $(MAKE) --no-print-directory -C tests/unit \
	    check BUILD=../../$(COVERAGE)/unit CFLAGS=--coverage || :
	@KEEL_BUILD="$$PWD/$(COVERAGE)/keel" $(SUITE) 'api (coverage)' \
	    $(PYTEST) -n 3 tests/api || :
	@$(SUITE) coverage $(PYTHON) -B tests/coverage/report.py $(COVERAGE)

# Writes the current description, so that git shows what has changed.
golden:
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@KEEL_BUILD="$$PWD/.build/prod/keel" $(PYTHON) -B \
	    tests/api/support/golden.py
	@PYTHONPATH=tests:tests/api/support $(PYTHON) -B \
	    tests/starter/write_notes.py

# The folders of src and their includes.
rooms:
	@$(PYTHON) -B tests/lint/rooms.py --write

# SECONDS and SEED are optional; the harness has their defaults.
fuzz:
	@$(MAKE) --no-print-directory build FLAVOR=asan
	@$(ASAN) fuzz $(PYTHON) tests/fuzz/fuzz_listener.py \
	    $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

proof-fuzz:
	@$(MAKE) --no-print-directory fuzz SECONDS=600

ATTACKS = $(PYTHON) tests/attacks

attacks:
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@$(PROD) 'slow clients' $(ATTACKS)/slow_clients.py --seconds $(or $(SECONDS),1)
	@$(PROD) 'sign-in flood' $(ATTACKS)/sign_in_flood.py --seconds 1
	@$(PROD) guessing $(ATTACKS)/guessing.py

proof-attacks:
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@$(PROD) 'slow clients' $(ATTACKS)/slow_clients.py --all \
	    $(if $(SECONDS),--seconds $(SECONDS))

proof-sign-ins:
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@$(PROD) 'sign-in flood' $(ATTACKS)/sign_in_flood.py --seconds 10 --all
	@$(PROD) guessing $(ATTACKS)/guessing.py

proof-starter:
	@$(SUITE) 'starter (full)' $(PYTEST) -n 2 tests/starter/proof_starter.py

proof-timing:
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@$(PROD) timing $(PYTHON) -B tests/timing/sign_in_times.py \
	    $(if $(COUNT),--count $(COUNT))
	@$(PROD) 'link timing' $(PYTHON) -B tests/timing/link_times.py \
	    $(if $(COUNT),--count $(COUNT))

# Figures, not a test: docs/performance.md has its variables. One more checkout
# (AGAINST) or other settings (SET, AGAINST_SET) are measured in turn with it.
bench:
	@$(call install,$(RUN_PACKAGES) $(BENCH_PACKAGES))
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@KEEL_BUILD="$$PWD/.build/prod/keel" $(PYTHON) -B tests/bench/bench.py \
	    $(if $(ROUNDS),--rounds $(ROUNDS)) \
	    $(if $(SECONDS),--seconds $(SECONDS)) \
	    $(if $(CONNECTIONS),--connections $(CONNECTIONS)) \
	    $(if $(ONLY),--only '$(ONLY)') $(if $(SET),--set '$(SET)') \
	    $(if $(AGAINST),--against '$(AGAINST)') \
	    $(if $(AGAINST_SET),--against-set '$(AGAINST_SET)') \
	    $(if $(LOG),--log $(LOG)) \
	    $(if $(USERS),--users $(USERS)) $(if $(POSTS),--posts $(POSTS)) \
	    --output $(or $(OUTPUT),.build/bench/results.json)

h1spec:
	@$(MAKE) --no-print-directory build FLAVOR=prod
	@KEEL_BUILD="$$PWD/.build/prod/keel" $(PYTHON) -B \
	    tests/h1spec/run.py "$(H1SPEC)"

# Tests Debian's Kore without Keel: for a new version of Kore in Debian.
kore-defects:
	@$(PYTHON) -B tests/kore/run.py

clean:
	rm -rf .build .objs .flavor keel.so cert dh2048.pem \
	    tests/openapi/build tests/clients/build \
	    tests/clients/zod3/build tests/clients/zod3/generated \
	    examples/web/dist examples/web/openapi.json \
	    examples/web/src/api/schema.d.ts
	@[ ! -f tests/unit/Makefile ] || $(MAKE) -C tests/unit clean

# Packages, flags and targets of your own project: docs/upgrading-a-clone.md.
-include project.mk

# Runs neither apt nor sudo if nothing is missing.
define install
missing=; \
for package in $(1); do \
	dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null | \
	    grep -qx installed || missing="$$missing $$package"; \
done; \
[ -n "$$missing" ] || exit 0; \
if [ "$$(id -u)" -eq 0 ]; then sudo=; \
elif command -v sudo >/dev/null; then sudo=sudo; \
else echo "$(PRODUCT): as root: apt-get install$$missing" >&2; exit 1; fi; \
$$sudo apt-get update && \
$$sudo env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $$missing
endef
