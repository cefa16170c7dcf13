#include "cli/doctor.h"

#include <string.h>

#include "base/json.h"

static const struct {
	const char *id;
	enum grade grade;
	const char *sentence, *repair;
} table[ADVICES] = {
#define ADVICE(id, grade, sentence, repair) [id] = { #id, grade, sentence, repair },
#include "cli/doctor_advice.def"
#undef ADVICE
};

static const char *const grade_names[GRADES] = {
	[FINE] = "ok", [WRONG] = "wrong", [RISKY] = "risk", [HINT] = "hint",
};

/* "{1}" becomes the first value. */
static struct span fill(struct arena *arena, const char *template, const struct span values[4])
{
	struct span rest = span_str(template);
	struct buf out;

	buf_init(&out, arena, 64 * 1024);
	while (rest.n != 0) {
		size_t at = span_find_byte(rest, 0, '{');
		bool is_value = at + 2 < rest.n && rest.p[at + 2] == '}' &&
			rest.p[at + 1] >= '0' && rest.p[at + 1] <= '3';

		buf_add(&out, span_slice(rest, 0, is_value ? at : at + 1));
		if (is_value)
			buf_add(&out, values[rest.p[at + 1] - '0']);
		rest = span_from(rest, is_value ? at + 3 : at + 1);
	}
	return buf_span(&out);
}

/* Values are other programs' words: control characters stay out of a terminal. */
static void add_line(struct buf *out, struct span line)
{
	for (size_t i = 0; i < line.n; i++)
		buf_addc(out, (unsigned char)line.p[i] < ' ' || line.p[i] == 0x7f ? '?' : line.p[i]);
	buf_addc(out, '\n');
}

static void add_text(struct doctor *doctor, enum advice advice, struct span sentence,
		     struct span repair)
{
	struct span line;

	buf_addf(&doctor->out, "%-6s ", grade_names[table[advice].grade]);
	add_line(&doctor->out, sentence);
	while (span_next_line(&repair, &line)) {
		buf_adds(&doctor->out, "       > ");
		add_line(&doctor->out, line);
	}
}

static void add_json(struct doctor *doctor, enum advice advice, struct span sentence,
		     struct span repair)
{
	struct json json;
	struct buf id;

	buf_init(&id, &doctor->arena, 64);
	for (const char *c = table[advice].id; *c != '\0'; c++)
		buf_addc(&id, ascii_lower(*c));
	json_init(&json, &doctor->out);
	json_open(&json, NULL, '{');
	json_string(&json, "check", buf_span(&id));
	json_string(&json, "level", span_str(grade_names[table[advice].grade]));
	json_string(&json, "text", sentence);
	json_string(&json, "repair", repair);
	json_close(&json, '}');
	buf_addc(&doctor->out, '\n');
}

void doctor_say(struct doctor *doctor, enum advice advice, struct span value1,
		struct span value2, struct span value3)
{
	const struct span values[] = { span_str(doctor->data), value1, value2, value3 };
	struct span sentence = fill(&doctor->arena, table[advice].sentence, values);
	struct span repair = fill(&doctor->arena, table[advice].repair, values);

	doctor->found[table[advice].grade]++;
	if (doctor->cli->format == FORMAT_JSON)
		add_json(doctor, advice, sentence, repair);
	else
		add_text(doctor, advice, sentence, repair);
}

void doctor_verdict(struct doctor *doctor)
{
	if (doctor->cli->format == FORMAT_JSON)
		return;
	buf_adds(&doctor->out, doctor->found[WRONG] == 0 ?
		 "\nA bounce generated now would be explained.\n" :
		 "\nA bounce generated now would not be explained.\n");
}
