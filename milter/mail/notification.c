/* JSON is YAML, which libyaml reads; what it tells is written down as the fields of
 * RFC 3464, which dsn.c reads. */
#include "mail/notification.h"

#include <string.h>
#include <yaml.h>

enum { DEEPEST = 16, FIELDS_MAX = 4 * NOTIFICATION_MAX };

/* Where the object that starts the text ends; 0: nowhere, or it nests too deep. */
static size_t object_end(struct span text)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '[') && ++depth > DEEPEST)
			return 0;
		else if (!quoted && (c == '}' || c == ']') && --depth == 0)
			return i + 1;
	}
	return 0;
}

/* Most mail that starts with a brace is none: it is not worth a parser. */
static struct span object_of(struct span text)
{
	text = span_trim(text);
	if (!span_has_prefix(text, "{") || text.n > NOTIFICATION_MAX ||
	    span_find(text, 0, SPAN("\"bouncedRecipients\"")) == text.n)
		return (struct span){ NULL, 0 };
	return span_slice(text, 0, object_end(text));
}

static struct span string_of(const yaml_node_t *node)
{
	if (node == NULL || node->type != YAML_SCALAR_NODE)
		return (struct span){ NULL, 0 };
	return (struct span){ (const char *)node->data.scalar.value, node->data.scalar.length };
}

/* NULL where the object has no such member, or is none. */
static const yaml_node_t *member(yaml_document_t *document, const yaml_node_t *object,
				 const char *name)
{
	if (object == NULL || object->type != YAML_MAPPING_NODE)
		return NULL;
	for (const yaml_node_pair_t *pair = object->data.mapping.pairs.start;
	     pair < object->data.mapping.pairs.top; pair++)
		if (span_is(string_of(yaml_document_get_node(document, pair->key)), name))
			return yaml_document_get_node(document, pair->value);
	return NULL;
}

/* A line end within becomes the start of a further line of the field. */
static void add_field(struct buf *fields, const char *name, struct span value)
{
	if (value.n == 0)
		return;
	buf_adds(fields, name);
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == '\n')
			buf_adds(fields, "\n ");
		else if (value.p[i] != '\r')
			buf_addc(fields, value.p[i]);
	buf_addc(fields, '\n');
}

static void add_recipient(struct buf *fields, yaml_document_t *document,
			  const yaml_node_t *recipient)
{
	struct span address = string_of(member(document, recipient, "emailAddress"));
	struct span action = string_of(member(document, recipient, "action"));

	if (address.n == 0)
		return;
	add_field(fields, "\nFinal-Recipient: rfc822; ", address);
	add_field(fields, "Action: ", action.n != 0 ? action : SPAN("failed"));
	add_field(fields, "Status: ", string_of(member(document, recipient, "status")));
	add_field(fields, "Diagnostic-Code: ",
		  string_of(member(document, recipient, "diagnosticCode")));
}

static bool tells_of_bounce(yaml_document_t *document, const yaml_node_t *root)
{
	return span_is(string_of(member(document, root, "notificationType")), "Bounce") ||
		span_is(string_of(member(document, root, "eventType")), "Bounce");
}

static void add_fields(struct buf *fields, yaml_document_t *document)
{
	const yaml_node_t *root = yaml_document_get_root_node(document);
	const yaml_node_t *bounce = member(document, root, "bounce");
	const yaml_node_t *recipients = member(document, bounce, "bouncedRecipients");

	if (!tells_of_bounce(document, root) || recipients == NULL ||
	    recipients->type != YAML_SEQUENCE_NODE)
		return;
	add_field(fields, "Reporting-MTA: ", string_of(member(document, bounce, "reportingMTA")));
	for (const yaml_node_item_t *i = recipients->data.sequence.items.start;
	     i < recipients->data.sequence.items.top; i++)
		add_recipient(fields, document, yaml_document_get_node(document, *i));
}

static void read_object(struct span object, struct buf *fields)
{
	yaml_parser_t parser;
	yaml_document_t document;

	if (object.n == 0 || yaml_parser_initialize(&parser) == 0)
		return;
	yaml_parser_set_input_string(&parser, (const unsigned char *)object.p, object.n);
	if (yaml_parser_load(&parser, &document) != 0) {
		add_fields(fields, &document);
		yaml_document_delete(&document);
	}
	yaml_parser_delete(&parser);
}

int notification_parse(struct arena *arena, struct span text, struct dsn *dsn_r)
{
	struct buf fields;

	*dsn_r = (struct dsn){ .n = 0 };
	buf_init(&fields, arena, FIELDS_MAX);
	read_object(object_of(text), &fields);
	if (fields.failed)
		return -1;
	return fields.n != 0 ? dsn_parse_text(arena, buf_span(&fields), dsn_r) : 0;
}
