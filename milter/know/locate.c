#include "know/locate.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct walker {
	yaml_parser_t parser;
	yaml_event_t event;
	unsigned line;		/* of the deepest place found so far */
};

static bool walker_next(struct walker *w)
{
	yaml_event_delete(&w->event);
	return yaml_parser_parse(&w->parser, &w->event) != 0 &&
		w->event.type != YAML_STREAM_END_EVENT;
}

static unsigned event_line(const struct walker *w)
{
	return (unsigned)w->event.start_mark.line + 1;
}

/* Past the value that the current event starts. */
static bool walker_skip(struct walker *w)
{
	size_t depth = 0;

	for (;;) {
		switch (w->event.type) {
		case YAML_SEQUENCE_START_EVENT:
		case YAML_MAPPING_START_EVENT:
			depth++;
			break;
		case YAML_SEQUENCE_END_EVENT:
		case YAML_MAPPING_END_EVENT:
			depth--;
			break;
		default:
			break;
		}
		if (!walker_next(w))
			return false;
		if (depth == 0)
			return true;
	}
}

static bool is_key(const struct walker *w, const char *key)
{
	return w->event.type == YAML_SCALAR_EVENT &&
		strcmp((const char *)w->event.data.scalar.value, key) == 0;
}

/* Into the value of a key of the mapping that the current event starts. */
static bool walker_key(struct walker *w, const struct locate_step *step)
{
	unsigned nth = step->nth;

	if (w->event.type != YAML_MAPPING_START_EVENT || !walker_next(w))
		return false;
	while (w->event.type != YAML_MAPPING_END_EVENT) {
		if (is_key(w, step->key) && nth-- == 0) {
			w->line = event_line(w);
			return walker_next(w);
		}
		if (!walker_skip(w) || !walker_skip(w))
			return false;
	}
	return false;
}

static bool walker_entry(struct walker *w, const struct locate_step *step)
{
	if (w->event.type != YAML_SEQUENCE_START_EVENT || !walker_next(w))
		return false;
	for (size_t i = 0; w->event.type != YAML_SEQUENCE_END_EVENT; i++) {
		if (i == step->index) {
			w->line = event_line(w);
			return true;
		}
		if (!walker_skip(w))
			return false;
	}
	return false;
}

static bool walker_open(struct walker *w, struct span bytes)
{
	*w = (struct walker){ .line = 1 };
	if (yaml_parser_initialize(&w->parser) == 0)
		return false;
	yaml_parser_set_input_string(&w->parser, (const unsigned char *)bytes.p, bytes.n);
	/* stream start, document start, then the first value */
	return walker_next(w) && walker_next(w) && walker_next(w);
}

static void walker_close(struct walker *w)
{
	yaml_event_delete(&w->event);
	yaml_parser_delete(&w->parser);
}

unsigned locate_line(struct span bytes, const struct locate_step *steps, size_t n)
{
	struct walker w;
	bool on = walker_open(&w, bytes);

	for (size_t i = 0; on && i < n; i++)
		on = steps[i].key != NULL ? walker_key(&w, &steps[i]) :
			walker_entry(&w, &steps[i]);
	walker_close(&w);
	return w.line;
}

static bool starts_list(struct span line, const char *list)
{
	size_t n = strlen(list);

	return line.n > n && memcmp(line.p, list, n) == 0 && line.p[n] == ':';
}

/* Lines of a list as people write them: every entry begins with "- " below the
 * first one's. True where exactly n are found; a list that is written otherwise
 * is left to the parser. */
static bool scan_entries(struct span bytes, const char *list, unsigned *lines, size_t n)
{
	size_t found = 0, indent = 0;
	bool inside = false;
	struct span line;

	for (unsigned number = 1; span_next_line(&bytes, &line); number++) {
		struct span text = span_trim(line);
		size_t at = text.n != 0 ? (size_t)(text.p - line.p) : 0;

		if (line.n != 0 && (ascii_isalpha(line.p[0]) || line.p[0] == '_'))
			inside = starts_list(line, list);
		if (!inside || text.n < 2 || text.p[0] != '-' || text.p[1] != ' ')
			continue;
		if (found == 0)
			indent = at;
		if (at == indent && found++ < n)
			lines[found - 1] = number;
	}
	return found == n;
}

static void walk_entries(struct span bytes, const char *list, unsigned *lines, size_t n)
{
	const struct locate_step step = { .key = list };
	struct walker w;
	size_t i = 0;

	if (walker_open(&w, bytes) && walker_key(&w, &step) &&
	    w.event.type == YAML_SEQUENCE_START_EVENT && walker_next(&w))
		while (i < n && w.event.type != YAML_SEQUENCE_END_EVENT) {
			lines[i++] = event_line(&w);
			if (!walker_skip(&w))
				break;
		}
	while (i < n)
		lines[i++] = w.line;
	walker_close(&w);
}

void locate_entries(struct span bytes, const char *list, unsigned *lines, size_t n)
{
	if (!scan_entries(bytes, list, lines, n))
		walk_entries(bytes, list, lines, n);
}

unsigned locate_problem(struct span bytes, char *problem, size_t size)
{
	struct walker w;
	bool on = walker_open(&w, bytes);
	unsigned line = 1;

	while (on)
		on = walker_next(&w);
	if (w.parser.problem != NULL)
		line = (unsigned)w.parser.problem_mark.line + 1;
	snprintf(problem, size, "%s", w.parser.problem != NULL ?
		 w.parser.problem : "out of memory");
	walker_close(&w);
	return line;
}
