#include "src/cli/log_check.h"

#include "recovery/diagnosis/diagnosis.h"
#include "src/base/cleanup.h"

enum {
	SCORE_PART = 4096,
	SCORE_ALL_UNTIL = 64 << 10, /* behind it every 16th part is scored: a sample is enough */
	SCORE_USABLE = 40,
};

void log_check_add(struct log_check *check, struct bytes part)
{
	if (check->size == 0)
		memcpy(check->head, part.data, part.size < sizeof(check->head) ? part.size : sizeof(check->head));
	for (size_t offset = 0; offset < part.size; offset += SCORE_PART) {
		struct bytes piece = bytes_from(part, offset);

		if (check->size + offset >= SCORE_ALL_UNTIL && (check->size + offset) / SCORE_PART % 16 != 0)
			continue;
		if (piece.size > SCORE_PART)
			piece.size = SCORE_PART;
		check->score_sum += (uint64_t)diagnosis_text_score(piece) * piece.size;
		check->score_count += piece.size;
	}
	check->size += part.size;
}

static const char *other_kind(const uint8_t *head)
{
	/* clang-format off */
	static const struct { const char *magic; size_t size; const char *hint; } kinds[] = {
		{ "\x1f\x8b", 2, "it is compressed: zcat FILE | unbrick diagnose -" },
		{ "\xfd" "7zX", 4, "it is compressed: xzcat FILE | unbrick diagnose -" },
		{ "\x28\xb5\x2f\xfd", 4, "it is compressed: zstdcat FILE | unbrick diagnose -" },
		{ "PK\x03\x04", 4, "it is a ZIP archive: unzip -p FILE | unbrick diagnose -" },
		{ "\xff\xfe", 2, "it is UTF-16, as PowerShell writes it: iconv -f UTF-16 -t UTF-8 FILE | unbrick diagnose -" },
		{ "\xfe\xff", 2, "it is UTF-16: iconv -f UTF-16 -t UTF-8 FILE | unbrick diagnose -" },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (memcmp(head, kinds[i].magic, kinds[i].size) == 0)
			return kinds[i].hint;
	return "if it was captured from a serial line, the speed was wrong: capture again, most devices use 115200";
}

enum status log_check_usable(const struct log_check *check, const char *name, struct error *reterr)
{
	unsigned average = check->score_count ? (unsigned)(check->score_sum / check->score_count) : 0;

	if (check->size == 0) {
		error_set(reterr, STATUS_INVALID, "%s is empty: there is nothing to diagnose", name);
		return error_hint(reterr, "capture the serial console from power-on to where it stops");
	}
	if (average >= SCORE_USABLE)
		return STATUS_OK;
	error_set(reterr, STATUS_INVALID, "%s does not look like the text of a console (%u of 100 points)", name,
		  average);
	return error_hint(reterr, "%s", other_kind(check->head));
}
