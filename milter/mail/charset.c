/* charset.c - codec_utf8 of codec.h: any charset mail is written in, to UTF-8. */
#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "base/utf8.h"
#include "mail/codec.h"

/* What mail calls a charset, and the converter that reads it. The converter may
 * be a superset: that is how programs write it. Nothing else is ever opened. */
static const struct charset {
	const char *name, *converter;
} charsets[] = {
	{ "iso-8859-2", "ISO-8859-2" }, { "latin2", "ISO-8859-2" },
	{ "iso-8859-3", "ISO-8859-3" }, { "iso-8859-4", "ISO-8859-4" },
	{ "iso-8859-5", "ISO-8859-5" }, { "iso-8859-6", "ISO-8859-6" },
	{ "iso-8859-7", "ISO-8859-7" }, { "iso-8859-8", "ISO-8859-8" },
	{ "iso-8859-8-i", "ISO-8859-8" }, { "iso-8859-9", "WINDOWS-1254" },
	{ "iso-8859-10", "ISO-8859-10" }, { "iso-8859-11", "CP874" },
	{ "iso-8859-13", "ISO-8859-13" }, { "iso-8859-14", "ISO-8859-14" },
	{ "iso-8859-15", "ISO-8859-15" }, { "latin9", "ISO-8859-15" },
	{ "iso-8859-16", "ISO-8859-16" },
	{ "windows-1250", "WINDOWS-1250" }, { "cp1250", "WINDOWS-1250" },
	{ "windows-1251", "WINDOWS-1251" }, { "cp1251", "WINDOWS-1251" },
	{ "windows-1253", "WINDOWS-1253" }, { "windows-1254", "WINDOWS-1254" },
	{ "windows-1255", "WINDOWS-1255" }, { "windows-1256", "WINDOWS-1256" },
	{ "windows-1257", "WINDOWS-1257" }, { "windows-1258", "WINDOWS-1258" },
	{ "windows-874", "CP874" }, { "tis-620", "CP874" }, { "cp874", "CP874" },
	{ "koi8-r", "KOI8-R" }, { "koi8-u", "KOI8-U" }, { "koi8-ru", "KOI8-U" },
	{ "ibm437", "IBM437" }, { "cp437", "IBM437" }, { "ibm850", "IBM850" },
	{ "cp850", "IBM850" }, { "ibm852", "IBM852" }, { "cp852", "IBM852" },
	{ "ibm866", "IBM866" }, { "cp866", "IBM866" },
	{ "macintosh", "MACINTOSH" }, { "x-mac-roman", "MACINTOSH" },
	{ "shift_jis", "CP932" }, { "shift-jis", "CP932" }, { "sjis", "CP932" },
	{ "x-sjis", "CP932" }, { "windows-31j", "CP932" }, { "cp932", "CP932" },
	{ "euc-jp", "EUC-JP" }, { "x-euc-jp", "EUC-JP" }, { "eucjp", "EUC-JP" },
	{ "iso-2022-jp", "ISO-2022-JP" }, { "iso-2022-jp-1", "ISO-2022-JP-1" },
	{ "iso-2022-jp-2", "ISO-2022-JP-2" }, { "iso-2022-jp-ms", "ISO-2022-JP-2" },
	{ "gb2312", "GB18030" }, { "gb_2312-80", "GB18030" }, { "x-gbk", "GB18030" },
	{ "gbk", "GB18030" }, { "cp936", "GB18030" }, { "gb18030", "GB18030" },
	{ "euc-cn", "GB18030" },
	{ "big5", "BIG5-HKSCS" }, { "big5-hkscs", "BIG5-HKSCS" }, { "cn-big5", "BIG5-HKSCS" },
	{ "x-x-big5", "BIG5-HKSCS" },
	{ "euc-kr", "UHC" }, { "ks_c_5601-1987", "UHC" }, { "ks_c_5601", "UHC" },
	{ "ksc5601", "UHC" }, { "cp949", "UHC" }, { "windows-949", "UHC" },
	{ "iso-2022-kr", "ISO-2022-KR" }, { "johab", "JOHAB" },
	{ "utf-7", "UTF-7" }, { "unicode-1-1-utf-7", "UTF-7" },
	{ "utf-16", "UTF-16" }, { "utf-16le", "UTF-16LE" }, { "utf-16be", "UTF-16BE" },
};
enum { CHARSETS = sizeof(charsets) / sizeof(charsets[0]) };

static const char *converter_of(struct span charset)
{
	for (size_t i = 0; i < CHARSETS; i++)
		if (span_is(charset, charsets[i].name))
			return charsets[i].converter;
	return NULL;
}

/* ASCII bytes do not mean ASCII text in these. */
static bool hides_text_in_ascii(const char *converter)
{
	return strncmp(converter, "ISO-2022", 8) == 0 || strncmp(converter, "UTF-", 4) == 0;
}

/* Windows-1252 as the WHATWG reads it: every byte is a character. */
static void add_windows_1252(struct buf *out, struct span bytes)
{
	static const char *const high[32] = {
		"€", "\xc2\x81", "‚", "ƒ", "„", "…", "†", "‡", "ˆ", "‰", "Š", "‹", "Œ", "\xc2\x8d", "Ž",
		"\xc2\x8f", "\xc2\x90", "‘", "’", "“", "”", "•", "–", "—", "˜", "™", "š", "›", "œ",
		"\xc2\x9d", "ž", "Ÿ",
	};

	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char c = (unsigned char)bytes.p[i];

		if (c < 0x80) {
			buf_addc(out, bytes.p[i]);
		} else if (c < 0xa0) {
			buf_adds(out, high[c - 0x80]);
		} else {
			buf_addc(out, (char)(unsigned char)(0xc0 | c >> 6));
			buf_addc(out, (char)(unsigned char)(0x80 | (c & 0x3f)));
		}
	}
}

static void add_repaired_utf8(struct buf *out, struct span bytes)
{
	for (size_t i = 0; i < bytes.n;) {
		size_t n = utf8_length(bytes, i);

		if (n != 0)
			buf_add(out, span_slice(bytes, i, i + n));
		else
			buf_adds(out, UTF8_REPLACEMENT);
		i += n != 0 ? n : 1;
	}
}

/* Everything that converts; U+FFFD for each byte that does not. Where a mark may
 * follow a letter (Vietnamese, Hebrew) the converter keeps the last one back, until
 * it is asked for it. */
static void add_converted(struct buf *out, struct span bytes, iconv_t converter)
{
	char piece[1024], *to = piece, *in = (char *)(size_t)bytes.p;
	size_t left = bytes.n, room = sizeof(piece);

	while (left > 0 && !out->failed) {
		size_t rc = iconv(converter, &in, &left, &to, &room);
		int reason = errno;

		buf_add(out, (struct span){ piece, sizeof(piece) - room });
		to = piece, room = sizeof(piece);
		if (rc == (size_t)-1 && reason != E2BIG) {
			buf_adds(out, UTF8_REPLACEMENT);
			in++;
			left--;
		}
	}
	iconv(converter, NULL, NULL, &to, &room);
	buf_add(out, (struct span){ piece, sizeof(piece) - room });
}

static struct span convert(struct arena *arena, struct span bytes, const char *name)
{
	iconv_t converter = name != NULL ? iconv_open("UTF-8", name) : (iconv_t)-1;
	struct buf out;

	buf_init(&out, arena, 4 * bytes.n + 16);
	if (converter == (iconv_t)-1) {
		add_windows_1252(&out, bytes);
	} else {
		add_converted(&out, bytes, converter);
		iconv_close(converter);
	}
	return buf_span(&out);
}

struct span codec_utf8(struct arena *arena, struct span bytes, struct span charset)
{
	const char *converter;
	struct buf out;

	charset = span_trim(charset);
	converter = converter_of(charset);
	if ((converter == NULL || !hides_text_in_ascii(converter)) && codec_is_ascii(bytes))
		return bytes;
	if (converter != NULL)
		return convert(arena, bytes, converter);
	if (utf8_is_valid(bytes))
		return bytes;
	if (!span_is(charset, "utf-8") && !span_is(charset, "utf8"))
		return convert(arena, bytes, NULL);
	buf_init(&out, arena, 3 * bytes.n);
	add_repaired_utf8(&out, bytes);
	return buf_span(&out);
}

/* glibc unloads a converter's module some time after its last handle is closed:
 * one handle of each stays open for good. */
void codec_prepare(void)
{
	static iconv_t kept[CHARSETS];

	for (size_t i = 0; i < CHARSETS; i++)
		if (kept[i] == NULL)
			kept[i] = iconv_open("UTF-8", charsets[i].converter);
}
