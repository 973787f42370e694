/* The signatures of a FIT: which there are, what they cover, what they leave open. */
// seeds: corpus/images
#include <stdlib.h>
#include <string.h>

#include "recovery/image/fit_signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t first_bytes(void *user, const char *algorithm, struct bytes in, uint8_t ret_digest[IMAGE_DIGEST_SIZE])
{
	(void)user;
	(void)algorithm;
	memset(ret_digest, in.size > 0 ? in.data[0] : 0, 32);
	return 32;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct image_ops ops = { .digest = first_bytes };
	const struct image_input in = { .data = { data, size }, .size = size, .ops = &ops };
	struct bytes pieces[FIT_PIECES];
	struct fit_signatures found;
	char gap[200];

	if (!fit_signatures_find(&in, &found))
		return 0;
	for (unsigned i = 0; i < found.count; i++) {
		for (int is_old = 0; is_old < 2; is_old++) {
			size_t count = fit_signature_pieces(&in, &found.signature[i], is_old, pieces);

			for (size_t k = 0; k < count; k++)
				if (pieces[k].data < data || pieces[k].data > data + size || pieces[k].size > (size_t)(data + size - pieces[k].data))
					abort();
		}
		fit_signature_gap(&in, &found.signature[i], gap, sizeof(gap));
		if (strlen(gap) >= sizeof(gap))
			abort();
	}
	return 0;
}
