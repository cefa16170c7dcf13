# whybounce - says why mail bounced. GNU make.
#
#   make            build build/whybounce and build/whybounced
#   make deps       install what building and testing need
#   make check      deps, then every test
#   make check-long the same, then `make fuzz`
#   make demo       a real Postfix bounce, before and after
#   make install    DESTDIR= PREFIX=/usr/local SYSCONFDIR=/etc
#   make unit       the unit tests alone; T=test_mime: one of them
#   make goldens    write the expected explanations anew
#   make fuzz       each parser under libFuzzer for FUZZ_SECONDS=60
#   make bench      speed, as ratios against something measured in the same run
#   make bench-postfix   the same through a real Postfix, PAIRS=20; only root can
#   make soak       200,000 bounces: does memory grow, or descriptors?
#
# CC=clang, SANITIZE=address,undefined (or thread, or valgrind) and FAULTS=1 (workers
# that fail when a bounce asks for it, for tests) build beside the plain objects, so
# that the kinds never mix.

VERSION := 0.1.0
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
DATADIR := $(PREFIX)/share/whybounce
SANITIZE ?=
FAULTS ?=

comma := ,
variant := $(if $(filter clang%,$(CC)),/$(notdir $(CC)))$(if $(SANITIZE),/$(subst $(comma),-,$(SANITIZE)))$(if $(FAULTS),/faults)
O := build$(variant)

CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wconversion
CSTD := -std=c11 -D_GNU_SOURCE
DEFS := -DWHYBOUNCE_VERSION='"$(VERSION)"' -DWHYBOUNCE_DATADIR='"$(DATADIR)"'
HARDEN := -fstack-protector-strong -fPIE $(if $(SANITIZE),,$(if $(findstring -O,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
# valgrind is a kind of its own: it cannot see into code that PCRE2 makes.
VALGRIND := $(filter valgrind,$(SANITIZE))
SAN := $(if $(SANITIZE),$(if $(VALGRIND),,-fsanitize=$(SANITIZE) -fno-sanitize-recover=all) -fno-omit-frame-pointer)
DEFS += $(if $(SANITIZE),-DWHYBOUNCE_SANITIZED) $(if $(VALGRIND),-DWHYBOUNCE_INTERPRETED) $(if $(FAULTS),-DWHYBOUNCE_FAULTS)
RUN ?= $(if $(VALGRIND),valgrind -q --error-exitcode=1 --suppressions=tests/valgrind.supp)
ALL_CFLAGS = $(CSTD) $(WARN) $(HARDEN) $(SAN) $(DEFS) -Imilter -Itests -MMD -MP -pthread $(CFLAGS)
ALL_LDFLAGS = $(SAN) -pie -pthread -Wl,-z,relro,-z,now $(LDFLAGS)
LIBS := -lcyaml -lyaml -lpcre2-8 -lunbound -lspf2 -lopendkim -lidn2
DAEMON_LIBS := -lmilter -lmicrohttpd -lseccomp

lib_src := $(wildcard $(foreach d,base mail know why probe say core,milter/$(d)/*.c))
cli_src := $(wildcard milter/cli/*.c)
daemon_src := $(wildcard milter/daemon/*.c)
test_src := $(wildcard tests/test_*.c)
support_src := $(filter-out $(test_src),$(wildcard tests/*.c))
bench_src := $(wildcard tests/bench/bench_*.c)
bench_support := $(filter-out $(bench_src),$(wildcard tests/bench/*.c))
fuzz_src := $(wildcard tests/fuzz/fuzz_*.c)
object = $(patsubst %.c,$(O)/obj/%.o,$(1))
lib := $(O)/libwhybounce.a
daemon_lib := $(O)/daemon.a
tests := $(patsubst tests/%.c,$(O)/tests/%,$(test_src))
benches := $(patsubst tests/bench/%.c,$(O)/bench/%,$(bench_src))

.PHONY: all
all: $(O)/whybounce $(O)/whybounced

$(lib): $(call object,$(lib_src))
	@rm -f $@
	$(AR) rcs $@ $^

# What the daemon's tests link: all of it but its main.
$(daemon_lib): $(call object,$(filter-out %/main.c,$(daemon_src)))
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $^

$(O)/whybounce: $(call object,$(cli_src)) $(lib)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(O)/whybounced: $(call object,$(filter %/main.c,$(daemon_src))) $(daemon_lib) $(lib)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) $(DAEMON_LIBS)

$(O)/tests/%: $(O)/obj/tests/%.o $(call object,$(support_src)) $(daemon_lib) $(lib)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) $(DAEMON_LIBS) -lcmocka

$(O)/bench/%: $(O)/obj/tests/bench/%.o $(call object,$(bench_support)) $(lib)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) -lmilter

# The DNS server of the tests, for the one that asks it.
$(O)/bench/bench_probe: LIBS += -lcmocka
$(O)/bench/bench_probe: $(call object,tests/dns_server.c tests/dns_table.c)

$(O)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# Where the knowledge lies is compiled in: a new PREFIX compiles it anew.
.PHONY: FORCE
$(O)/datadir: FORCE
	@mkdir -p $(@D)
	@echo '$(DATADIR)' | cmp -s - $@ || echo '$(DATADIR)' > $@
$(O)/obj/milter/core/config.o: $(O)/datadir

-include $(patsubst %.c,$(O)/obj/%.d,$(lib_src) $(cli_src) $(daemon_src) $(test_src) $(support_src) $(bench_src) $(bench_support) $(fuzz_src))

# Objects of tests are kept.
.SECONDARY:

# Run every unit test; "make unit T=test_mime" runs one, RUN=program runs them under
# another program. Some run the programs themselves.
.PHONY: unit
unit: all $(if $(T),$(O)/tests/$(T),$(tests))
	@set -e; for t in $(filter $(O)/tests/%,$^); do echo "== $$t"; WHYBOUNCE_BUILD=$(O) $(RUN) $$t; done

# The explanations that tests/test_samples compares with, as they are now.
.PHONY: goldens
goldens: all
	@tests/goldens

# The keys of the configuration are written once, in the option table.
$(O)/whybounce.yaml.5: packaging/man/whybounce.yaml.5.head conf/whybounce.yaml packaging/man/whybounce.yaml.5.tail
	@mkdir -p $(@D)
	sed 's/\\/\\e/g; s/^\./\\\&./' conf/whybounce.yaml | \
		cat packaging/man/whybounce.yaml.5.head - packaging/man/whybounce.yaml.5.tail > $@

# An existing configuration is left as it is.
.PHONY: install
install: all $(O)/whybounce.yaml.5
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin \
		$(DESTDIR)$(DATADIR)/knowledge $(DESTDIR)$(DATADIR)/languages \
		$(DESTDIR)$(DATADIR)/postfix $(DESTDIR)$(DATADIR)/sendmail \
		$(DESTDIR)$(DATADIR)/haproxy $(DESTDIR)$(DATADIR)/grafana \
		$(DESTDIR)$(DATADIR)/site \
		$(DESTDIR)$(SYSCONFDIR)/whybounce/knowledge.d \
		$(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 \
		$(DESTDIR)$(PREFIX)/share/man/man8 $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 755 $(O)/whybounce $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(O)/whybounced $(DESTDIR)$(PREFIX)/sbin/
	install -m 644 conf/knowledge/*.yaml $(DESTDIR)$(DATADIR)/knowledge/
	install -m 644 conf/languages/*.yaml $(DESTDIR)$(DATADIR)/languages/
	install -m 644 conf/postfix/* $(DESTDIR)$(DATADIR)/postfix/
	install -m 644 conf/sendmail/* $(DESTDIR)$(DATADIR)/sendmail/
	install -m 644 conf/haproxy/* $(DESTDIR)$(DATADIR)/haproxy/
	install -m 644 conf/grafana/* $(DESTDIR)$(DATADIR)/grafana/
	install -m 644 conf/site/* $(DESTDIR)$(DATADIR)/site/
	install -m 644 packaging/man/whybounce.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 $(O)/whybounce.yaml.5 $(DESTDIR)$(PREFIX)/share/man/man5/
	install -m 644 packaging/man/whybounced.8 $(DESTDIR)$(PREFIX)/share/man/man8/
	sed 's|@SBINDIR@|$(PREFIX)/sbin|' packaging/systemd/whybounced.service \
		> $(DESTDIR)$(PREFIX)/lib/systemd/system/whybounced.service
	[ -e $(DESTDIR)$(SYSCONFDIR)/whybounce/whybounce.yaml ] || \
		install -m 644 conf/whybounce.yaml $(DESTDIR)$(SYSCONFDIR)/whybounce/

# What building and testing need, installed where it is missing.
.PHONY: deps
deps:
	@packaging/dependencies build demo test

# Every test there is. Make reads the tree again after the installation.
.PHONY: check
check: deps
	@$(MAKE) --no-print-directory all unit floors
	@tests/integration/run

# The long mode: every test, then every parser on hostile input.
.PHONY: check-long
check-long: check
	@$(MAKE) --no-print-directory fuzz

# A real Postfix bounce, before and after. Needs less than the tests do.
.PHONY: demo
demo:
	@packaging/dependencies build demo
	@$(MAKE) --no-print-directory all
	@tests/demo

# No file includes a folder below its own.
.PHONY: floors
floors:
	@tests/floors

# Each parser under libFuzzer: built apart, with clang, kept corpora in build/.
FUZZ_SECONDS ?= 60
.PHONY: fuzz
fuzz:
	@packaging/dependencies build fuzz
	@tests/fuzz/run $(FUZZ_SECONDS)

.PHONY: bench
bench: all $(benches)
	@set -e; for b in $(benches); do echo "== $$b"; $$b; done

# Minutes; fails where Postfix loses more to whybounce than it may.
.PHONY: bench-postfix
bench-postfix: all $(O)/bench/bench_milter
	@WHYBOUNCE_BUILD=$(O) tests/bench/postfix $(PAIRS)

# Does memory grow, or descriptors?
SOAK ?= 200000
.PHONY: soak
soak: all $(O)/bench/bench_milter
	$(O)/bench/bench_milter soak $(SOAK)

.PHONY: clean
clean:
	rm -rf build
