/* recovery/image/web_page.c
 *
 * What a server sent instead of the image, saved under the image's name: a login page, "404 Not Found", a JSON error. */
#include "recovery/image/format.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { LOOKED_AT = 1024, TEXT_CEILING = 64 * 1024 };

/* The beginning as text without leading blanks, for comparing. */
static void read_beginning(const struct image_input *in, char *to, size_t size)
{
	struct bytes from = image_slice(in, 0, LOOKED_AT);

	if (image_starts_with(from, BYTES("\xef\xbb\xbf")))
		from = bytes_from(from, 3);
	while (from.size > 0 && (from.data[0] == ' ' || from.data[0] == '\t' || from.data[0] == '\r' || from.data[0] == '\n'))
		from = bytes_from(from, 1);
	text_printable(to, size, from);
}

static bool starts_with_any(const char *text, const char *const *starts, size_t count)
{
	char head[32];

	for (size_t i = 0; i < count; i++) {
		text_format(head, sizeof(head), "%.*s", (int)strlen(starts[i]), text);
		if (strlen(head) == strlen(starts[i]) && text_contains(head, starts[i]))
			return true;
	}
	return false;
}

static bool is_html(const struct image_input *in)
{
	static const char *const starts[] = { "<!doctype html", "<html", "<head", "<body", "<title", "<h1", "<script", "<meta" };
	char text[LOOKED_AT];

	if (in->data.size == 0 || in->data.data[0] >= 0xf0)
		return false;
	read_beginning(in, text, sizeof(text));
	if (starts_with_any(text, starts, ARRAY_SIZE(starts)))
		return true;
	/* XHTML, or the XML error of a storage service */
	return text_starts(text, "<?xml") && (text_contains(text, "<html") || text_contains(text, "<Error"));
}

static void inspect_html(const struct image_input *in, struct image_facts *facts)
{
	char text[LOOKED_AT];
	const char *title;

	read_beginning(in, text, sizeof(text));
	for (title = text; *title != '\0'; title++)
		if (starts_with_any(title, (const char *const[]){ "<title>" }, 1))
			break;
	if (*title != '\0') {
		title += strlen("<title>");
		image_set_name(facts, bytes_of(title, strcspn(title, "<")));
		facts->version[0] = '\0';
	}
	text_copy(facts->checked, sizeof(facts->checked), "the beginning");
	image_broken(facts, 0, "it is a web page, not an image: the download went wrong%s%.60s%s", facts->name[0] ? " (" : "",
		     facts->name, facts->name[0] ? ")" : "");
}

const struct image_format image_format_html = {
	.word = "html", .title = "web page", .matches = is_html, .inspect = inspect_html,
};

static bool is_text_error(const struct image_input *in)
{
	static const char *const starts[] = {
		"{\"error", "{\"message", "{\"code", "404", "403", "500 ", "502 ", "503 ", "Not Found", "Forbidden", "Access denied",
		"Unauthorized", "File not found", "Error", "Too many requests", "Bad gateway", "HTTP/1.",
	};
	char text[LOOKED_AT];

	if (in->size > TEXT_CEILING || in->data.size == 0)
		return false;
	for (size_t i = 0; i < in->data.size && i < LOOKED_AT; i++)
		if (in->data.data[i] < 0x20 && in->data.data[i] != '\t' && in->data.data[i] != '\r' && in->data.data[i] != '\n')
			return false;
	read_beginning(in, text, sizeof(text));
	return starts_with_any(text, starts, ARRAY_SIZE(starts));
}

static void inspect_text_error(const struct image_input *in, struct image_facts *facts)
{
	char text[80];

	text_printable(text, sizeof(text), image_slice(in, 0, sizeof(text) - 1));
	text_copy(facts->checked, sizeof(facts->checked), "the beginning");
	image_broken(facts, 0, "it is a server's message, not an image: \"%s\"", text);
}

const struct image_format image_format_text_error = {
	.word = "text-error", .title = "server's message", .matches = is_text_error, .inspect = inspect_text_error,
};
