/* Files with signatures and keys, from anybody. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/image/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes file = { data, size };
	struct signature_file signature;
	struct signature_key key;
	char id[SIGNATURE_KEY_ID_TEXT];

	if (signature_kind_of(file) > SIGNATURE_OPENPGP)
		abort();
	if (signature_read(file, &signature) == NULL) {
		struct bytes comment = signature.trusted_comment;

		if (strlen(signature_key_id_text(signature.key_id, signature.is_minisign, id)) != 2 * SIGNATURE_KEY_ID)
			abort();
		if (signature.is_minisign && (comment.size > SIGNATURE_COMMENT_MAX || comment.data < data || comment.data + comment.size > data + size))
			abort();
		if (signature.is_prehashed && !signature.is_minisign)
			abort();
	}
	if ((signature_read_key(file, &key) == NULL) != signature_is_key(file))
		abort();
	return 0;
}
