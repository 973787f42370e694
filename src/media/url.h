/* src/media/url.h
 *
 * The little that is to be known about a URL before libcurl has it (RFC 3986, 3). */
#ifndef UNBRICK_MEDIA_URL_H
#define UNBRICK_MEDIA_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/status.h"

enum { URL_MAX = 4096 };

/* "https", "http" or "ftp", a host, no blanks or control characters; INVALID with a hint otherwise. */
enum status url_check(const char *url, struct error *reterr);
bool url_has_scheme(const char *url, const char *scheme);
/* For messages and the journal: without the user and password that may stand in it, and printable. Returns to. */
char *url_shown(char *to, size_t size, const char *url);
/* A name for the file from the path's last part: percent-encoding undone, what is not a letter, digit or one of . _
 * - + ~ becomes '_', no dot or dash in front, 128 bytes at most. "": the URL has none. Returns to. */
char *url_file_name(char *to, size_t size, const char *url);

#endif
