/* Lists of checksums, and single ones, from anybody. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/image/checksum.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct checksum *checksum)
{
	char hex[CHECKSUM_HEX];
	struct checksum again;

	/* what is read is read again from what it is shown as */
	if (checksum_digits(checksum->algorithm) != 2 * checksum->size ||
	    !checksum_parse(bytes_of_text(checksum_hex(checksum, hex)), checksum->algorithm, &again) || !checksum_equal(checksum, &again))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = { data, size };
	struct checksum found[CHECKSUM_MATCHES], alone;
	struct checksum_entry entry;
	unsigned line = 0, count = 0;

	while (checksum_list_next(&rest, &line, &entry)) {
		check(&entry.checksum);
		if (entry.line != line || memchr(entry.name, '\0', sizeof(entry.name)) == NULL)
			abort();
	}
	if (checksum_list_find((struct bytes){ data, size }, "release/fw.bin", found, &count) == CHECKSUM_FOUND && (count == 0 || count > CHECKSUM_MATCHES))
		abort();
	for (unsigned i = 0; i < count; i++)
		check(&found[i]);
	if (checksum_parse((struct bytes){ data, size }, NULL, &alone))
		check(&alone);
	return 0;
}
