/* src/base/text.h
 *
 * Text in fixed arrays: always NUL-ended, never beyond the array; and making foreign bytes safe to show. */
#ifndef UNBRICK_BASE_TEXT_H
#define UNBRICK_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/bytes.h"

/* Copies with truncation at a whole UTF-8 character; returns to. */
char *text_copy(char *to, size_t size, const char *from);
/* snprintf that returns to. */
char *text_format(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Appends at the end of what to holds already. */
void text_append(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Makes foreign bytes showable: escape sequences (CSI, OSC, DCS...) dropped, other controls and invalid UTF-8 as '.', a tab
 * as one space. to gets at most size - 1 bytes and the NUL. Returns the length. */
size_t text_printable(char *to, size_t size, struct bytes from);
/* The same for a stream, byte by byte: does the byte belong to an escape sequence (ECMA-48, 5.3 to 5.6)? *state begins as 0. A line's end
 * ends every sequence, so that noise cannot swallow what follows. */
bool text_in_escape(uint8_t *state, uint8_t byte);
/* "12.0 MiB", "512 B". */
char *text_size(char *to, size_t size, uint64_t bytes);
/* "8 s", "1 min 20 s", "2 h 5 min". */
char *text_duration(char *to, size_t size, uint64_t milliseconds);
/* "64", "0x50000", "192KiB", "16MiB", "1GiB", "29.7 GiB" is not accepted: whole numbers only. */
bool text_parse_size(const char *text, uint64_t *ret_bytes);
/* Bytes as they are written in dumps: "27 05 19 56" (pairs between blanks, two at least) or "0x27051956". Returns how many; 0: it is no
 * such list, or one of more than max. */
size_t text_parse_bytes(const char *text, uint8_t *ret_bytes, size_t max);
/* Same text, ASCII case ignored, as a part of all. */
bool text_contains(const char *all, const char *part);
/* Is it one of the words, which stand with a blank between? words NULL: none. */
bool text_has_word(const char *words, const char *word);
/* What stands behind the last slash of a path; all of it when nothing does. */
const char *text_file_name(const char *path);
bool text_starts(const char *all, const char *start);
bool text_equal(const char *a, const char *b);	/* both may be NULL; NULL equals only NULL */

#endif
