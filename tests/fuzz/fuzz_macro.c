/* tests/fuzz/fuzz_macro.c: no text hides a command that stands behind it. */
#include <stdlib.h>
#include <string.h>

#include "recovery/loader/macro.h"
#include "src/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[MACRO_TEXT_MAX * 2 + 1], scratch[80];

	if (size > MACRO_TEXT_MAX * 2)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	(void)macro_fault(text, scratch, sizeof(scratch));
	text_append(text, sizeof(text), ";saveenv\r");
	if (macro_fault(text, scratch, sizeof(scratch)) == NULL)
		abort();
	return 0;
}
