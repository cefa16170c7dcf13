divert(-1)
dnl #
dnl # whybounce with Sendmail (tested on 8.17): one line at the end of sendmail.mc,
dnl #
dnl #	include(`/usr/share/whybounce/sendmail/whybounce.m4')
dnl #
dnl # then make the .cf and restart Sendmail. sendmail.mc itself stays as it is, and so
dnl # does submit.mc.
dnl #
dnl # Sendmail calls milters for what comes in over SMTP, never for the bounces that it
dnl # writes itself. So these take a hop: they are sent to a second port of the same
dnl # Sendmail, on loopback, where whybounce is the milter, and go their normal way
dnl # from there. What is submitted on this machine with an empty sender, as the bounces
dnl # of the submission queue are, takes the hop too. All other mail, and bounces that
dnl # come in from elsewhere, never see it.
dnl #
dnl # While the daemon is down, these bounces wait in the queue (F=T) and are explained
dnl # when it is back.
dnl #
dnl # What may be set before the include:
dnl #	define(`WHYBOUNCE_SOCKET', `local:/run/whybounce/whybounce.sock')
dnl #	define(`WHYBOUNCE_PORT', `10588')
dnl #	define(`WHYBOUNCE_INBOUND', `yes')	bounces of other servers too: the milter
dnl #		becomes the last one on all ports, after those that verify; while it is
dnl #		down, mail comes in unexplained. whybounce.yaml says which of them
dnl #	define(`WHYBOUNCE_MILTERS', `whybounce;opendkim')	milters of the hop, in
dnl #		their order: whybounce before what signs
dnl #	define(`WHYBOUNCE_TIMES', `T=C:10s;S:10s;R:30s;E:60s')	how long Sendmail waits
dnl #		for the milter: to connect, to send, for a reply, for the last reply
dnl #
dnl # Known limits: a check_compat of your own must not end in OK before the rule below
dnl # is reached. `sendmail -Am' on the command line, by root, with an address that fails
dnl # before any delivery, is not caught.
dnl #
dnl # For the next one to edit this: m4 expands macro names in rules and comments too.
dnl #
ifdef(`WHYBOUNCE_SOCKET',, `define(`WHYBOUNCE_SOCKET', `local:/run/whybounce/whybounce.sock')')
ifdef(`WHYBOUNCE_PORT',, `define(`WHYBOUNCE_PORT', `10588')')
ifdef(`WHYBOUNCE_MILTERS',, `define(`WHYBOUNCE_MILTERS', `whybounce')')
ifdef(`WHYBOUNCE_TIMES',, `define(`WHYBOUNCE_TIMES', `T=C:10s;S:10s;R:30s;E:60s')')
divert(0)dnl
MAIL_FILTER(`whybounce', `S=WHYBOUNCE_SOCKET, F=T, WHYBOUNCE_TIMES')dnl
ifdef(`WHYBOUNCE_INBOUND',
`INPUT_MAIL_FILTER(`whybounce-inbound', `S=WHYBOUNCE_SOCKET, WHYBOUNCE_TIMES')')dnl
dnl # Many bounces at once: a connection that finds the queue full hangs for minutes.
DAEMON_OPTIONS(`Name=whybounce, Addr=127.0.0.1, Port='WHYBOUNCE_PORT`, Listen=256, M=SAE, InputMailFilters='WHYBOUNCE_MILTERS)dnl
LOCAL_CONFIG
dnl # The name of the port that a message came in on goes with it through the queue.
Kwhybounce_set macro
C{persistentMacros}{daemon_name} {whybounce_here}
LOCAL_RULE_0
dnl # The recipient of a bounce is looked up here when the bounce is written, with the
dnl # macros of the message that failed: $f is that message's sender, and the mark says
dnl # that a delivery of it was tried. After that the bounce has macros of its own.
R$*				$: <$&{addr_type}> <$&{daemon_name}> <$&{whybounce_tried}> <$&r> <$&f> $1
dnl # It came through the hop: its normal way.
R<e r> <whybounce> <$*> <$*> <$*> $*	$: $4
dnl # A bounce failed, so this is for the postmaster: its normal way.
R<e r> <$*> <1> <$*> <> $*	$: $3
R<e r> <$*> <1> <$*> <$n$*> $*	$: $4
dnl # A delivery failed: this is the recipient of the bounce.
R<e r> <$*> <1> <$*> <$*> $+	$#whybounce $@ [127.0.0.1] $: $4
dnl # A bounce of ours in the queue.
R<e r> <$*> <> <> <$n$*> $+	$#whybounce $@ [127.0.0.1] $: $3
dnl # Submitted here with an empty sender, now or in an earlier run of the queue.
R<e r> <$*> <> <$+> <> $+	$: <here> <$&{client_addr}> <$&{whybounce_here}> $3
R<here> <127.0.0.1> <$*> $+	$: <here> <> <1 $(whybounce_set {whybounce_here} $@ 1 $)> $2
R<here> <IPv6:::1> <$*> $+	$: <here> <> <1 $(whybounce_set {whybounce_here} $@ 1 $)> $2
R<here> <$*> <1> $+		$#whybounce $@ [127.0.0.1] $: $2
R<here> <$*> <$*> $+		$: $3
dnl # Failed in a run of the queue before any delivery was tried (an alias gone bad):
dnl # the recipient is the sender.
R<e r> <$*> <> <$*> <$*> $+	$: <mode $&{opMode}> $4 $| $4
R<mode q> $+ <@$+.> $| $*	$: <mode q> $1@$2 $| $3
R<mode q> $&f $| $+		$#whybounce $@ [127.0.0.1] $: $1
R<mode $*> $* $| $*		$: $3
dnl # Everything else: its normal way.
R<$*> <$*> <$*> <$*> <$*> $*	$: $6
LOCAL_RULESETS
Scheck_compat
dnl # Called before each delivery.
R$*		$: $1 $(whybounce_set {whybounce_tried} $@ 1 $)
MAILER_DEFINITIONS
Mwhybounce,	P=[IPC], F=mDFMuXak8, S=EnvFromSMTP/HdrFromSMTP, R=MasqSMTP, E=\r\n, L=2040,
		T=DNS/RFC822/SMTP,
		A=TCP $h WHYBOUNCE_PORT
