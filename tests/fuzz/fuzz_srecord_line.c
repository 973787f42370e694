/* tests/fuzz/fuzz_srecord_line.c: what is read as a record is written as the same line again. */
#include <ctype.h>
#include <stdlib.h>

#include "recovery/protocol/srecord_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct srecord record;
	char line[SRECORD_LINE_MAX];

	if (srecord_read((struct bytes){ data, size }, &record) != NULL)
		return 0;
	if (record.size > SRECORD_DATA_MAX || size > SRECORD_LINE_MAX)
		abort();
	if (srecord_write(line, record.type, record.address, (struct bytes){ record.data, record.size }) != size)
		abort();
	for (size_t i = 0; i < size; i++)
		if (line[i] != toupper(data[i]))
			abort();
	return 0;
}
