/* recovery/image/web_page.c
 *
 * What a server sent instead of the image, saved under the image's name: a page to log in, "404 Not Found", an error in JSON or XML. */
#include "recovery/image/text_file.h"

#include <ctype.h>
#include <strings.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { TAIL_LOOKED_AT = 1024, MEMBER_HEAD = 512, TEXT_CEILING = 64 * 1024, UTF16_UNITS = 2048 };

static bool is_utf16(struct bytes data)
{
	return data.size >= 4 && image_starts_with(data, BYTES("\xff\xfe")) && data.data[3] == 0;
}

/* An archive may have hundreds of texts, and what they are is only told. */
static struct bytes head_of(const struct image_input *in)
{
	return image_slice(in, 0, in->depth > 0 ? MEMBER_HEAD : TEXT_FILE_HEAD);
}

void text_file_head(const struct image_input *in, char *to, size_t size)
{
	struct bytes from = head_of(in);
	uint8_t low[UTF16_UNITS];

	if (from.size > size - 1)
		from.size = size - 1;
	if (is_utf16(from)) {
		size_t units = 0;

		for (size_t i = 2; i + 1 < from.size && units < sizeof(low); i += 2)
			low[units++] = from.data[i + 1] == 0 ? from.data[i] : '?';
		from = bytes_of(low, units);
	}
	if (image_starts_with(from, BYTES("\xef\xbb\xbf")))
		from = bytes_from(from, 3);
	while (from.size > 0 && (from.data[0] == ' ' || from.data[0] == '\t' || from.data[0] == '\r' || from.data[0] == '\n'))
		from = bytes_from(from, 1);
	text_printable(to, size, from);
}

bool text_file_is_text(struct bytes part)
{
	for (size_t i = 0; i < part.size; i++)
		if ((part.data[i] < 0x20 && part.data[i] != '\t' && part.data[i] != '\r' && part.data[i] != '\n' && part.data[i] != '\f') ||
		    part.data[i] == 0x7f || part.data[i] == 0xff)
			return false;
	return true;
}

bool text_file_is(const struct image_input *in)
{
	struct bytes head = head_of(in), tail = { in->data.data, 0 };

	if (head.size == 0)
		return false;
	if (is_utf16(head))
		return true;
	if (in->data.size == in->size) {
		size_t end = in->data.size - image_long_padding(in, in->data), from = end > TAIL_LOOKED_AT ? end - TAIL_LOOKED_AT : 0;

		tail = bytes_of(in->data.data + from, end - from);
	}
	return text_file_is_text(head) && text_file_is_text(tail);
}

bool text_file_starts(const char *text, const char *const *starts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncasecmp(text, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

/* --- web pages --- */

/* Each page begins so. Most files do not, and are not read as text for it. */
static bool may_begin_a_tag(struct bytes head)
{
	for (size_t i = 0; i < head.size && i < TEXT_FILE_HEAD; i++)
		if (head.data[i] == '<' || head.data[i] == 0x1b)
			return true;
		else if (strchr(" \t\r\n\xef\xbb\xbf\xff\xfe", head.data[i]) == NULL)	/* blanks, byte order marks, the NUL of UTF-16 */
			return false;
	return false;
}

static bool is_html(const struct image_input *in)
{
	static const char *const starts[] = {
		"<!doctype html", "<html", "<head", "<body", "<title", "<h1", "<script", "<meta", "<center", "<div", "<form", "<p>", "<pre", "<b>",
		"<table", "<link", "<style", "<br",
	};
	static const char *const signs[] = { "<html", "<head", "<body", "<title", "<script", "<meta " };
	char text[TEXT_FILE_HEAD];

	if (!may_begin_a_tag(in->data) || (in->data.data[0] >= 0xf0 && !is_utf16(in->data)))
		return false;
	text_file_head(in, text, sizeof(text));
	if (text_file_starts(text, starts, ARRAY_SIZE(starts)))
		return true;
	/* XHTML, or a comment in front */
	if (!text_starts(text, "<?xml") && !text_starts(text, "<!--"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (text_contains(text, signs[i]))
			return true;
	return false;
}

/* What kind of page it is tells the operator what to do about it. */
static const char *kind_of(const char *text)
{
	static const struct { const char *sign, *kind; } kinds[] = {
		{ "cf-browser-verification", "Cloudflare asks for a browser" }, { "cf-error", "an error of Cloudflare" },
		{ "cloudflare", "Cloudflare stands in between" }, { "captcha", "the server wants to see a human" },
		{ "captive", "the network wants a login first" }, { "hotspot", "the network wants a login first" },
		{ "wispaccessgateway", "the network wants a login first" }, { "type=\"password\"", "a page to log in" },
		{ "type='password'", "a page to log in" }, { "type=password", "a page to log in" },
		{ "accept the terms", "a licence has to be accepted first" }, { "license agreement", "a licence has to be accepted first" },
		{ "http-equiv=\"refresh\"", "it leads on to another page" }, { "http-equiv='refresh'", "it leads on to another page" },
		{ "index of /", "a list of files" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (text_contains(text, kinds[i].sign))
			return kinds[i].kind;
	return "";
}

static void read_title(const char *text, struct image_facts *facts)
{
	const char *title = text;

	while (*title != '\0' && !text_file_starts(title, (const char *const[]){ "<title" }, 1))
		title++;
	title += strcspn(title, ">");
	if (*title == '\0')
		return;
	title++;
	while (*title == ' ' || *title == '.')
		title++;
	image_set_name(facts, bytes_of(title, strcspn(title, "<")));
	facts->version[0] = '\0';
}

static void inspect_html(const struct image_input *in, struct image_facts *facts)
{
	char text[TEXT_FILE_HEAD];
	const char *kind;

	text_copy(facts->checked, sizeof(facts->checked), "the beginning");
	/* a page in an archive may be meant to lie there */
	if (in->depth > 0) {
		facts->is_no_image = true;
		return;
	}
	text_file_head(in, text, sizeof(text));
	read_title(text, facts);
	kind = kind_of(text);
	image_is_none(in, facts, "it is a web page, not an image: the download went wrong%s%.48s%s%s%s", facts->name[0] ? " (" : "",
		     facts->name, facts->name[0] ? ")" : "", kind[0] ? "; " : "", kind);
}

const struct image_format image_format_html = {
	.word = "html", .title = "web page", .matches = is_html, .inspect = inspect_html,
};

/* --- messages --- */

static void inspect_message(const struct image_input *in, struct image_facts *facts)
{
	char head[TEXT_FILE_HEAD], text[80];

	text_file_head(in, head, sizeof(head));
	text_copy(text, sizeof(text), head);
	text_copy(facts->checked, sizeof(facts->checked), "the beginning");
	image_is_none(in, facts, "it is a message, not an image: \"%s\"", text);
}

/* "404 Not Found", but no checksum that begins with these digits (RFC 9110, 15.5 and 15.6). */
static bool is_status(const char *text)
{
	return (text[0] == '4' || text[0] == '5') && isdigit((unsigned char)text[1]) && isdigit((unsigned char)text[2]) &&
	       !isalnum((unsigned char)text[3]);
}

static bool is_text_error(const struct image_input *in)
{
	static const char *const starts[] = {
		"Not Found", "Forbidden", "Access denied",
		"Access to ", "Unauthorized", "Unauthorised", "File not found", "File does not exist", "No such file", "Page not found", "Error",
		"Too many requests", "Bad gateway", "Bad request", "Gateway time", "Service unavailable", "Service temporarily",
		"Internal server error", "Rate limit", "Request ", "Invalid ", "Permission denied", "Login required", "Please log", "Sorry",
		"The requested", "This file ", "The file ", "The resource", "Link expired", "Download limit", "Quota", "Moved ", "Found",
		"Redirecting", "error:", "curl:", "wget:", "HTTP/1.", "HTTP/2", "upstream ", "no healthy upstream", "default backend",
		"<Error", "<soap", "<Fault",
	};
	static const char *const signs[] = { "<error", "<fault", "<code>", ":fault", "exception", "<message>", "denied", "not found", "<status" };
	char text[TEXT_FILE_HEAD];

	if (in->size > TEXT_CEILING || !text_file_is(in))
		return false;
	text_file_head(in, text, sizeof(text));
	if (text_file_starts(text, starts, ARRAY_SIZE(starts)) || is_status(text))
		return true;
	/* XML can be anything; storage and web services answer in it */
	for (size_t i = 0; i < ARRAY_SIZE(signs) && text[0] == '<'; i++)
		if (text_contains(text, signs[i]))
			return true;
	return false;
}

const struct image_format image_format_text_error = {
	.word = "text-error", .title = "message in text", .matches = is_text_error, .inspect = inspect_message,
};

/* Any JSON: an error with these keys, or a description of something. */
static bool is_json(const struct image_input *in)
{
	char text[TEXT_FILE_HEAD];
	size_t at = 1;

	if (!text_file_is(in))
		return false;
	text_file_head(in, text, sizeof(text));
	if (text[0] != '{' && text[0] != '[')
		return false;
	while (text[at] == ' ' || text[at] == '.' || text[at] == '{' || text[at] == '[')	/* a line's end is shown as a dot */
		at++;
	return text[at] == '"' || text[at] == '}' || text[at] == ']';
}

static void inspect_json(const struct image_input *in, struct image_facts *facts)
{
	static const char *const keys[] = { "\"error", "\"message\"", "\"code\"", "\"status\"", "\"detail", "\"msg\"", "\"reason", "\"fault" };
	char text[TEXT_FILE_HEAD];

	text_file_head(in, text, sizeof(text));
	for (size_t i = 0; i < ARRAY_SIZE(keys) && in->size <= TEXT_CEILING; i++)
		if (text_contains(text, keys[i])) {
			text_copy(facts->format, sizeof(facts->format), "text-error");
			text_copy(facts->title, sizeof(facts->title), "message in text");
			inspect_message(in, facts);
			return;
		}
	text_copy(facts->checked, sizeof(facts->checked), "the beginning");
	image_is_none(in, facts, "it is a description in JSON, not an image");
}

const struct image_format image_format_json = {
	.word = "json", .title = "JSON text", .matches = is_json, .inspect = inspect_json,
};
