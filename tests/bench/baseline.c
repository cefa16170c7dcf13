#include "baseline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libmilter/mfapi.h>

struct body {
	unsigned char *bytes;
	size_t n, room;
};

static struct body *body_of(SMFICTX *context)
{
	struct body *body = smfi_getpriv(context);

	if (body == NULL) {
		body = calloc(1, sizeof(*body));
		smfi_setpriv(context, body);
	}
	return body;
}

static sfsistat echo_mail(SMFICTX *context, char **arguments)
{
	struct body *body = body_of(context);

	(void)arguments;
	if (body == NULL)
		return SMFIS_TEMPFAIL;
	body->n = 0;
	return SMFIS_CONTINUE;
}

static sfsistat echo_arguments(SMFICTX *context, char **arguments)
{
	(void)context, (void)arguments;
	return SMFIS_CONTINUE;
}

static sfsistat echo_connect(SMFICTX *context, char *name, _SOCK_ADDR *address)
{
	(void)context, (void)name, (void)address;
	return SMFIS_CONTINUE;
}

static sfsistat echo_helo(SMFICTX *context, char *name)
{
	(void)context, (void)name;
	return SMFIS_CONTINUE;
}

static sfsistat echo_header(SMFICTX *context, char *name, char *value)
{
	(void)context, (void)name, (void)value;
	return SMFIS_CONTINUE;
}

static sfsistat echo_nothing(SMFICTX *context)
{
	(void)context;
	return SMFIS_CONTINUE;
}

static sfsistat echo_body(SMFICTX *context, unsigned char *bytes, size_t n)
{
	struct body *body = body_of(context);

	if (body->n + n > body->room) {
		body->room = 2 * (body->n + n);
		body->bytes = realloc(body->bytes, body->room);
	}
	if (body->bytes == NULL)
		return SMFIS_TEMPFAIL;
	memcpy(body->bytes + body->n, bytes, n);
	body->n += n;
	return SMFIS_CONTINUE;
}

static sfsistat echo_end(SMFICTX *context)
{
	struct body *body = body_of(context);

	if (body->n != 0)
		smfi_replacebody(context, body->bytes, (int)body->n);
	return SMFIS_CONTINUE;
}

static sfsistat echo_close(SMFICTX *context)
{
	struct body *body = smfi_getpriv(context);

	if (body != NULL)
		free(body->bytes);
	free(body);
	smfi_setpriv(context, NULL);
	return SMFIS_CONTINUE;
}

static struct smfiDesc echo = {
	.xxfi_version = SMFI_VERSION,
	.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY,
	.xxfi_connect = echo_connect, .xxfi_helo = echo_helo, .xxfi_envfrom = echo_mail,
	.xxfi_envrcpt = echo_arguments, .xxfi_data = echo_nothing, .xxfi_header = echo_header,
	.xxfi_eoh = echo_nothing, .xxfi_body = echo_body, .xxfi_eom = echo_end,
	.xxfi_close = echo_close,
};

/* Whatever is not registered is negotiated away: there is no cheaper milter that
 * looks at the sender. */
static sfsistat accept_mail(SMFICTX *context, char **arguments)
{
	(void)context, (void)arguments;
	return SMFIS_ACCEPT;
}

static struct smfiDesc accept_all = {
	.xxfi_version = SMFI_VERSION, .xxfi_envfrom = accept_mail,
};

int baseline_run(enum baseline baseline, const char *path)
{
	char name[] = "baseline", socket[128];
	struct smfiDesc filter = baseline == BASELINE_ECHO ? echo : accept_all;

	filter.xxfi_name = name;
	snprintf(socket, sizeof(socket), "unix:%s", path);
	umask(0);	/* a mail server of another user may connect */
	if (smfi_register(filter) != MI_SUCCESS || smfi_setconn(socket) != MI_SUCCESS ||
	    smfi_setbacklog(256) != MI_SUCCESS)
		return EXIT_FAILURE;
	return smfi_main() == MI_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}
