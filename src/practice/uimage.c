/* The legacy uImage (U-Boot include/image.h): a header of 64 bytes in big endian, with a CRC over itself and one over
 * the payload. This maker signs: the payload's last 8 bytes are "PSIG" and a keyed checksum, which stands in for a real
 * signature. */
#include "src/base/crc.h"
#include "src/base/text.h"
#include "src/practice/camera.h"

enum { UIMAGE_MAGIC = 0x27051956, UIMAGE_ARM = 2 };

static const char vendor_key[] = "pcam1-vendor";

static uint32_t keyed_checksum(struct bytes payload, const char *key)
{
	return crc32_update(crc32_update(0, bytes_of_text(key)), payload);
}

bool uimage_parse(struct bytes image, struct uimage *ret_header)
{
	const uint8_t *at = image.data;

	if (image.size < UIMAGE_HEADER || load_be32(at) != UIMAGE_MAGIC)
		return false;
	*ret_header = (struct uimage){
		.time = load_be32(at + 8),
		.size = load_be32(at + 12),
		.load = load_be32(at + 16),
		.entry = load_be32(at + 20),
		.data_crc = load_be32(at + 24),
		.os = at[28],
		.arch = at[29],
		.type = at[30],
		.compression = at[31],
	};
	text_printable(ret_header->name, sizeof(ret_header->name),
		       bytes_of(at + 32, strnlen((const char *)at + 32, 32)));
	return true;
}

bool uimage_header_holds(struct bytes image)
{
	uint8_t header[UIMAGE_HEADER];

	memcpy(header, image.data, sizeof(header));
	store_be32(header + 4, 0);
	return crc32_update(0, bytes_of(header, sizeof(header))) == load_be32(image.data + 4);
}

enum image_state uimage_judge(struct bytes image)
{
	struct uimage header;
	struct bytes payload;

	if (!uimage_parse(image, &header))
		return IMAGE_NO_MAGIC;
	if (!uimage_header_holds(image))
		return IMAGE_BAD_HEADER;
	payload = bytes_from(image, UIMAGE_HEADER);
	if (header.size > payload.size)
		return IMAGE_BAD_DATA;
	payload.size = header.size;
	if (crc32_update(0, payload) != header.data_crc)
		return IMAGE_BAD_DATA;
	if (header.arch != UIMAGE_ARM)
		return IMAGE_WRONG_ARCH;
	if (payload.size < UIMAGE_SIGNATURE || memcmp(payload.data + payload.size - UIMAGE_SIGNATURE, "PSIG", 4) != 0)
		return IMAGE_BAD_SIGNATURE;
	payload.size -= UIMAGE_SIGNATURE;
	if (keyed_checksum(payload, vendor_key) != load_be32(payload.data + payload.size + 4))
		return IMAGE_BAD_SIGNATURE;
	return IMAGE_GOOD;
}

void uimage_write(uint8_t *to, const struct uimage *header, struct bytes payload, const char *key)
{
	uint8_t *body = to + UIMAGE_HEADER;
	size_t size = payload.size + UIMAGE_SIGNATURE;

	memcpy(body, payload.data, payload.size);
	memcpy(body + payload.size, "PSIG", 4);
	store_be32(body + payload.size + 4, keyed_checksum(payload, key != NULL ? key : vendor_key));
	memset(to, 0, UIMAGE_HEADER);
	store_be32(to, UIMAGE_MAGIC);
	store_be32(to + 8, header->time);
	store_be32(to + 12, (uint32_t)size);
	store_be32(to + 16, header->load);
	store_be32(to + 20, header->entry);
	store_be32(to + 24, crc32_update(0, bytes_of(body, size)));
	to[28] = header->os;
	to[29] = header->arch;
	to[30] = header->type;
	to[31] = header->compression;
	memcpy(to + 32, header->name, strnlen(header->name, 32));
	store_be32(to + 4, crc32_update(0, bytes_of(to, UIMAGE_HEADER)));
}
