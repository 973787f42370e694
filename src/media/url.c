#include "src/media/url.h"

#include <stdint.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { FILE_NAME_MAX = 128 };

bool url_has_scheme(const char *url, const char *scheme)
{
	size_t length = strlen(scheme);
	char head[16];

	text_format(head, sizeof(head), "%.*s", (int)length, url);
	return strlen(head) == length && text_contains(head, scheme) && text_starts(url + length, "://");
}

static const char *after_scheme(const char *url)
{
	const char *at = strstr(url, "://");

	return at != NULL ? at + 3 : NULL;
}

enum status url_check(const char *url, struct error *reterr)
{
	const char *host = after_scheme(url);

	if (strlen(url) >= URL_MAX)
		return error_set(reterr, STATUS_INVALID, "the URL is longer than %d characters", URL_MAX - 1);
	for (const char *at = url; *at; at++)
		if ((uint8_t)*at <= ' ' || *at == 0x7f) {
			error_set(reterr, STATUS_INVALID, "the URL has a blank or a control character in it");
			return error_hint(reterr, "Put it in quotes as one word; write a blank as %%20");
		}
	if (host != NULL && !url_has_scheme(url, "https") && !url_has_scheme(url, "http") &&
	    !url_has_scheme(url, "ftp")) {
		error_set(reterr, STATUS_INVALID, "'%.*s' is none of https, http and ftp", (int)strcspn(url, ":"), url);
		return error_hint(reterr, "A file that is on this computer needs no fetching: unbrick verify FILE");
	}
	if (host == NULL || strcspn(host, "/?#") == 0) {
		error_set(reterr, STATUS_INVALID, "'%.100s' is no URL", url);
		return error_hint(reterr, "A URL looks like this: https://vendor.example/path/firmware.bin");
	}
	return STATUS_OK;
}

char *url_shown(char *to, size_t size, const char *url)
{
	const char *host = after_scheme(url), *at = NULL;

	/* the last '@' in front of the path ends the user information (RFC 3986, 3.2.1) */
	if (host != NULL)
		at = memrchr(host, '@', strcspn(host, "/?#"));
	if (at == NULL) {
		text_printable(to, size, bytes_of_text(url));
	} else {
		text_format(to, size, "%.*s", (int)(host - url), url);
		if (strlen(to) + 1 < size)
			text_printable(to + strlen(to), size - strlen(to), bytes_of_text(at + 1));
	}
	return to;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 0x20 : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != 0 && strchr("._-+~", c));
}

char *url_file_name(char *to, size_t size, const char *url)
{
	const char *path = after_scheme(url);
	size_t length = 0, end, start = 0;

	to[0] = '\0';
	if (path == NULL)
		return to;
	path += strcspn(path, "/?#");
	end = strcspn(path, "?#");
	for (size_t i = 0; i < end; i++)
		if (path[i] == '/')
			start = i + 1;
	for (size_t i = start; i < end && length + 1 < size && length < FILE_NAME_MAX; i++) {
		uint8_t c = (uint8_t)path[i];

		if (c == '%' && i + 2 < end && hex_digit(path[i + 1]) >= 0 && hex_digit(path[i + 2]) >= 0) {
			c = (uint8_t)(hex_digit(path[i + 1]) << 4 | hex_digit(path[i + 2]));
			i += 2;
		}
		to[length++] = is_plain(c) ? (char)c : '_';
	}
	to[length] = '\0';
	/* no hidden file, no "..", nothing that a command would take for an option */
	if (to[0] == '.' || to[0] == '-')
		to[0] = '_';
	return to;
}
