/* json.h - write one JSON object or array into a buf.
 *
 * Commas are placed by the writer. Strings are escaped as RFC 8259 asks; bytes
 * that are not valid UTF-8 become U+FFFD. Keys are string literals of ours. */
#ifndef WHYBOUNCE_BASE_JSON_H
#define WHYBOUNCE_BASE_JSON_H

#include "base/buf.h"

struct json {
	struct buf *out;
	bool comma;		/* the next value needs one before it */
};

void json_init(struct json *json, struct buf *out);
void json_open(struct json *json, const char *key, char bracket); /* '{' or '[' */
void json_close(struct json *json, char bracket);		  /* '}' or ']' */
void json_string(struct json *json, const char *key, struct span value);
void json_number(struct json *json, const char *key, long long value);
void json_bool(struct json *json, const char *key, bool value);
/* key is NULL inside an array. */

#endif
