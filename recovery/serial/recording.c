#include "recovery/serial/recording.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "src/base/text.h"

enum { DAYS_A_YEAR = 366, DAYS_A_MONTH = 31, MS_A_DAY = 86400000 };

/* strtoull takes a sign and blanks as well; these lines have neither. */
static bool take_number(const char **at, uint64_t *ret_number)
{
	char *end = NULL;

	if (!isdigit((unsigned char)**at))
		return false;
	errno = 0;
	*ret_number = strtoull(*at, &end, 10);
	*at = end;
	return errno == 0;
}

static bool is_end(const char *at)
{
	return *at == '\0' || *at == '\n' || (*at == '\r' && (at[1] == '\n' || at[1] == '\0'));
}

static bool take_blank(const char **at)
{
	return *(*at)++ == ' ';
}

bool recording_parse_capture(const char *line, struct recording_entry *ret_entry)
{
	const char *at = line;

	return take_number(&at, &ret_entry->ms) && take_blank(&at) && take_number(&at, &ret_entry->offset) &&
	       take_blank(&at) && take_number(&at, &ret_entry->length) && is_end(at) && ret_entry->length > 0 &&
	       ret_entry->offset <= UINT64_MAX - ret_entry->length;
}

const char *recording_parse_remark(const char *line, uint64_t *ret_ms)
{
	const char *at = line;

	return *at++ == '#' && take_blank(&at) && take_number(&at, ret_ms) && take_blank(&at) ? at : NULL;
}

bool recording_parse_next(const char *remark, char *ret_name)
{
	static const char words[] = "goes on in ";
	size_t size;

	if (!text_starts(remark, words))
		return false;
	remark += sizeof(words) - 1;
	size = strcspn(remark, "\r\n");
	if (size <= 4 || size >= RECORDING_NAME_MAX || memchr(remark, '/', size) != NULL || remark[0] == '.' ||
	    strncmp(remark + size - 4, ".raw", 4) != 0)
		return false;
	memcpy(ret_name, remark, size);
	ret_name[size] = '\0';
	return true;
}

/* "12.345678" in microseconds; a longer fraction is cut. */
static bool take_seconds(const char **at, uint64_t *ret_us)
{
	uint64_t seconds, unit = 100000;

	if (!take_number(at, &seconds) || seconds > UINT32_MAX)
		return false;
	*ret_us = seconds * 1000000;
	if (**at != '.' && **at != ',')
		return true;
	for (++*at; isdigit((unsigned char)**at); ++*at, unit /= 10)
		*ret_us += (uint64_t)(**at - '0') * unit;
	return true;
}

bool recording_parse_script(const char *line, uint64_t *ret_us, uint64_t *ret_count)
{
	char kind = *line != '\0' && strchr("OIHS", *line) ? *line : 'O';
	const char *at = line;

	*ret_count = 0;
	if (*line == kind && (at++, !take_blank(&at)))
		return false;
	if (!take_seconds(&at, ret_us) || !take_blank(&at))
		return false;
	if (kind == 'H' || kind == 'S') /* a word and its value, or a signal */
		return true;
	if (!take_number(&at, ret_count) || !is_end(at))
		return false;
	if (kind == 'I')
		*ret_count = 0;
	return true;
}

/* ---- stamps ---- */

static bool take_digits(const char **at, unsigned digits, unsigned most, unsigned *ret_number)
{
	*ret_number = 0;
	for (unsigned i = 0; i < digits; i++, ++*at) {
		if (!isdigit((unsigned char)**at))
			return false;
		*ret_number = *ret_number * 10 + (unsigned)(**at - '0');
	}
	return *ret_number <= most;
}

/* Days in a calendar of equal months: it rises with the real one, and a day is a day within a month. */
static bool take_date(const char **at, uint64_t *ret_days)
{
	unsigned year, month, day;
	const char *from = *at;

	if (!take_digits(&from, 4, 9999, &year) || *from++ != '-' || !take_digits(&from, 2, 12, &month) ||
	    *from++ != '-' || !take_digits(&from, 2, 31, &day) || (*from != ' ' && *from != 'T'))
		return false;
	*ret_days = (uint64_t)year * DAYS_A_YEAR * 2 + (uint64_t)month * DAYS_A_MONTH + day;
	*at = from + 1;
	return true;
}

static bool take_time(const char **at, uint64_t *ret_ms)
{
	unsigned hours, minutes, seconds;
	uint64_t unit = 100;

	if (!take_digits(at, 2, 99, &hours) || *(*at)++ != ':' || !take_digits(at, 2, 59, &minutes) ||
	    *(*at)++ != ':' || !take_digits(at, 2, 60, &seconds))
		return false;
	*ret_ms = ((uint64_t)hours * 3600 + minutes * 60 + seconds) * 1000;
	if (**at == '.' || **at == ',')
		for (++*at; isdigit((unsigned char)**at); ++*at, unit /= 10)
			*ret_ms += (uint64_t)(**at - '0') * unit;
	return true;
}

size_t recording_parse_stamp(struct bytes line, uint64_t *ret_ms)
{
	char text[RECORDING_STAMP_MAX + 1];
	const char *at = text + 1;
	uint64_t days = 0;
	size_t size = line.size < RECORDING_STAMP_MAX ? line.size : RECORDING_STAMP_MAX;

	memcpy(text, line.data, size);
	text[size] = '\0';
	if (text[0] != '[')
		return 0;
	(void)take_date(&at, &days);
	if (!take_time(&at, ret_ms))
		return 0;
	*ret_ms += days * MS_A_DAY;
	if (*at == '+' || *at == '-' || *at == 'Z') /* the zone */
		for (at++; isdigit((unsigned char)*at) || *at == ':'; at++)
			;
	if (at[0] != ']' || at[1] != ' ')
		return 0;
	return (size_t)(at + 2 - text);
}
