/* recovery/image/boot_rom.c
 *
 * Headers that boot ROMs read, with a sum of their own: TI (AM33xx, OMAP, K3), STM32MP, SoCFPGA, Marvell (Kirkwood to Armada 38x).
 * Source: U-Boot tools/gpimage-common.c, omapimage.c, stm32image.c, socfpgaimage.c, kwbimage.c, kwbimage.h; TI "K3 Security X509
 * Certificate Documentation". */
#include <inttypes.h>

#include "recovery/image/format.h"
#include "src/base/text.h"

static uint32_t word_sum(struct bytes over)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 4 <= over.size; i += 4)
		sum += load_le32(over.data + i);
	return sum;
}

/* --- TI --- */

enum { TI_HEADER = 512, TI_AT_NAME = 20 };

/* For flash that is read in words of the other order, as SPI flash is, all of it is swapped. */
static bool is_swapped_ti(const struct image_input *in)
{
	return memcmp(in->data.data + TI_AT_NAME, "ESHCNITT\0\0SG", 12) == 0;
}

static bool is_ti(const struct image_input *in)
{
	return in->data.size >= TI_HEADER + 8 && (memcmp(in->data.data + TI_AT_NAME, "CHSETTINGS\0", 11) == 0 || is_swapped_ti(in));
}

static void inspect_ti(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *header = in->data.data + TI_HEADER;
	uint64_t size = is_swapped_ti(in) ? load_be32(header) : load_le32(header);

	image_set_vendor(facts, "Texas Instruments");
	text_copy(facts->arch, sizeof(facts->arch), "arm");
	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	facts->is_padded_by_nature = true;
	/* some builders count the header of 8 bytes, some do not, and what they pad is not in the file */
	if (size <= in->size - TI_HEADER)
		facts->declared_size = TI_HEADER + size;
	else
		image_declare(in, facts, TI_HEADER + size);
}

const struct image_format image_format_ti = {
	.role = IMAGE_ROLE_LOADER, .word = "ti-gp", .title = "TI boot loader (MLO)", .matches = is_ti, .inspect = inspect_ti,
};

/* KeyStone has size and address, and no mark: the size must be that of the file, and the address in the memory on the chip. */
enum { KEYSTONE_HEADER = 8, KEYSTONE_MEMORY = 0x0c000000, KEYSTONE_MEMORY_SIZE = 6 * 1024 * 1024 };

static bool is_keystone(const struct image_input *in)
{
	uint32_t address;

	if (in->data.size < KEYSTONE_HEADER + 4 || load_be32(in->data.data) != in->size - KEYSTONE_HEADER)
		return false;
	address = load_be32(in->data.data + 4);
	return address % 4 == 0 && address >= KEYSTONE_MEMORY && address - KEYSTONE_MEMORY < KEYSTONE_MEMORY_SIZE;
}

static void inspect_keystone(const struct image_input *in, struct image_facts *facts)
{
	image_set_vendor(facts, "Texas Instruments");
	text_copy(facts->arch, sizeof(facts->arch), "arm");
	text_copy(facts->checked, sizeof(facts->checked), "size; nothing covers the contents");
	facts->ends_exactly = true;
	image_declare(in, facts, in->size);
}

const struct image_format image_format_ti_keystone = {
	.role = IMAGE_ROLE_LOADER, .word = "ti-gp", .title = "TI KeyStone boot loader", .matches = is_keystone, .inspect = inspect_keystone,
};

enum { K3_SCANNED = 2048, K3_HASH = 64 };

/* 1.3.6.1.4.1.294.1.1 "boot sequence" and .34 "image integrity", in a certificate that comes before the loader. */
static const uint8_t k3_boot[] = { 0x06, 0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x26, 0x01, 0x01 };
static const uint8_t k3_integrity[] = { 0x06, 0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x26, 0x01, 0x22 };
static const uint8_t k3_sha512[] = { 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x04, K3_HASH };

static bool is_k3(const struct image_input *in)
{
	struct bytes head = image_slice(in, 0, K3_SCANNED);

	return head.size > 64 && head.data[0] == 0x30 && head.data[1] == 0x82 && memmem(head.data, head.size, k3_boot, sizeof(k3_boot)) != NULL;
}

/* sha512 OID, OCTET STRING of 64 bytes, INTEGER with the size of what was hashed. */
static void check_k3_hash(const struct image_input *in, struct image_facts *facts, uint64_t certificate)
{
	struct bytes head = image_slice(in, 0, certificate);
	const uint8_t *at = memmem(head.data, head.size, k3_integrity, sizeof(k3_integrity)), *hash, *end = head.data + head.size;
	uint8_t have[IMAGE_DIGEST_SIZE];
	uint64_t size = 0;

	hash = at != NULL ? memmem(at, (size_t)(end - at), k3_sha512, sizeof(k3_sha512)) : NULL;
	if (hash == NULL || (size_t)(end - hash) < sizeof(k3_sha512) + K3_HASH + 8)
		return;
	hash += sizeof(k3_sha512);
	at = hash + K3_HASH;
	if (at[0] != 0x02 || at[1] == 0 || at[1] > 5)
		return;
	for (unsigned i = 0; i < at[1]; i++)
		size = size << 8 | at[2 + i];
	if (!image_declare(in, facts, certificate + size) || !image_in_memory(in, certificate, size) || in->ops->digest == NULL ||
	    in->ops->digest(in->ops->user, "sha512", image_slice(in, certificate, size), have) != K3_HASH)
		return;
	text_copy(facts->checked, sizeof(facts->checked), "the hash in its certificate; who signed it was not checked");
	if (memcmp(have, hash, K3_HASH) != 0)
		image_broken(facts, certificate, "it is damaged: the sha512 in its certificate does not match");
	else
		facts->whole = IMAGE_YES;
}

static void inspect_k3(const struct image_input *in, struct image_facts *facts)
{
	uint64_t certificate = 4 + (uint64_t)load_be16(in->data.data + 2);

	image_set_vendor(facts, "Texas Instruments");
	text_copy(facts->checked, sizeof(facts->checked), "nothing");
	facts->is_padded_by_nature = true;
	if (image_in_memory(in, 0, certificate))
		check_k3_hash(in, facts, certificate);
}

const struct image_format image_format_k3 = {
	.role = IMAGE_ROLE_LOADER, .word = "ti-k3", .title = "TI K3 boot loader (tiboot3)", .matches = is_k3, .inspect = inspect_k3,
};

/* --- STM32MP --- */

enum {
	STM_SIGNATURE = 64, STM_AT_SUM = 68, STM_AT_VERSION = 72, STM_AT_LENGTH = 76, STM_AT_OPTIONS = 100, STM_UNSIGNED = 1,
	STM_HEADER_1 = 256, STM_HEADER_2 = 512,
};

static bool is_stm32(const struct image_input *in)
{
	return in->data.size >= STM_HEADER_1 && image_starts_with(in->data, BYTES("STM2")) && in->data.data[STM_AT_VERSION + 2] >= 1 &&
	       in->data.data[STM_AT_VERSION + 2] <= 3;
}

static void inspect_stm32(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *head = in->data.data;
	unsigned header = head[STM_AT_VERSION + 2] == 1 ? STM_HEADER_1 : STM_HEADER_2;
	uint32_t length = load_le32(head + STM_AT_LENGTH), want = load_le32(head + STM_AT_SUM), have;

	image_set_vendor(facts, "STMicroelectronics");
	text_copy(facts->checked, sizeof(facts->checked), "size");
	facts->is_padded_by_nature = true;
	/* header 1 and 2.0 are STM32MP1, which is 32-bit; 2.2 is on STM32MP2 */
	text_copy(facts->arch, sizeof(facts->arch), head[STM_AT_VERSION + 2] == 1 || head[STM_AT_VERSION + 1] == 0 ? "arm" : "arm64");
	if (!image_declare(in, facts, (uint64_t)header + length) || !image_in_memory(in, header, length))
		return;
	have = image_byte_sum(image_slice(in, header, length));
	text_copy(facts->checked, sizeof(facts->checked), "the sum of its bytes");
	if (have != want)
		image_broken(facts, STM_AT_SUM, "it is damaged: the sum is %08" PRIx32 ", its header says %08" PRIx32, have, want);
	else if (header == STM_HEADER_1 && (load_le32(head + STM_AT_OPTIONS) & STM_UNSIGNED) &&
		 image_padding(bytes_of(head + 4, STM_SIGNATURE)) < STM_SIGNATURE)
		image_problem(facts, 4, "a signature is there, but its header says that there is none: the header may be damaged");
	else
		facts->whole = IMAGE_YES;
}

const struct image_format image_format_stm32 = {
	.role = IMAGE_ROLE_LOADER, .word = "stm32mp", .title = "STM32MP boot loader", .matches = is_stm32, .inspect = inspect_stm32,
};

/* --- SoCFPGA --- */

enum { SFP_AT = 0x40, SFP_HEADER_0 = 12, SFP_HEADER_1 = 20, SFP_COPY = 0x10000, SFP_COPY_1 = 0x40000, SFP_COPIES = 4 };

static bool is_socfpga(const struct image_input *in)
{
	return in->data.size >= SFP_AT + SFP_HEADER_1 && load_le32(in->data.data + SFP_AT) == 0x31305341 && in->data.data[SFP_AT + 4] <= 1;
}

/* The header's sum leaves out its last byte but two, and so do the boot ROM and mkimage. */
static uint16_t socfpga_sum(const uint8_t *header, unsigned size)
{
	return (uint16_t)image_byte_sum(bytes_of(header, size - 3));
}

static void inspect_socfpga(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *head = in->data.data + SFP_AT;
	bool is_new = head[4] == 1;
	unsigned header = is_new ? SFP_HEADER_1 : SFP_HEADER_0;
	uint64_t length = is_new ? load_le32(head + 8) : (uint64_t)load_le16(head + 6) * 4, end;
	uint32_t have;

	image_set_vendor(facts, "Intel (Altera)");
	text_copy(facts->arch, sizeof(facts->arch), "arm");
	text_copy(facts->checked, sizeof(facts->checked), "header sum");
	if (socfpga_sum(head, header) != load_le16(head + header - 2) || length < SFP_AT + header + 4 || length > (is_new ? SFP_COPY_1 : SFP_COPY)) {
		image_broken(facts, SFP_AT, "its header is damaged: its sum does not match");
		return;
	}
	facts->is_padded_by_nature = true;
	if (!image_declare(in, facts, length) || !image_in_memory(in, 0, length))
		return;
	have = ~image_crc32_msb(image_slice(in, 0, length - 4));
	text_copy(facts->checked, sizeof(facts->checked), "its checksum");
	if (have != load_le32(in->data.data + length - 4)) {
		image_broken(facts, length - 4, "it is damaged: checksum %08" PRIx32 ", it says %08" PRIx32, have,
			     load_le32(in->data.data + length - 4));
		return;
	}
	facts->whole = IMAGE_YES;
	/* four copies for the boot ROM, then U-Boot */
	end = (uint64_t)SFP_COPIES * (is_new ? SFP_COPY_1 : SFP_COPY);
	if (in->size > end && image_find_format(&(struct image_input){ image_slice(in, end, UINT64_MAX), in->size - end, in->ops, 1, false }, false) != NULL) {
		end = image_add_rest(in, facts, end, "U-Boot");
		facts->declared_size = end > 0 ? end : facts->declared_size;
		facts->whole = facts->parts[0].whole == IMAGE_YES ? facts->whole : IMAGE_UNKNOWN;
	}
}

const struct image_format image_format_socfpga = {
	.role = IMAGE_ROLE_LOADER, .word = "socfpga", .title = "SoCFPGA boot loader", .matches = is_socfpga, .inspect = inspect_socfpga,
};

/* --- Marvell --- */

enum {
	KWB_HEADER = 32, KWB_AT_SIZE = 4, KWB_AT_VERSION = 8, KWB_AT_HEADER_SIZE = 9, KWB_AT_SOURCE = 12, KWB_AT_EXTENSION = 30, KWB_AT_SUM = 31,
	KWB_EXTENDED = 512, KWB_EXTENSION = 480,
	KWB_SATA = 0x78, KWB_PCIE = 0x9c,
	KWB_HEADERS_MAX = 192 * 1024,
	KWB_SECTOR = 512, KWB_SECTOR_MAX = 32 * 1024,
};

static uint32_t kwb_header_size(const uint8_t *head)
{
	if (head[KWB_AT_VERSION] == 1)
		return (uint32_t)head[KWB_AT_HEADER_SIZE] << 16 | load_le16(head + 10);
	return head[KWB_AT_EXTENSION] & 1 ? KWB_EXTENDED : KWB_HEADER;
}

static bool is_kwb(const struct image_input *in)
{
	static const uint8_t ids[] = { 0x5a, 0x8b, 0x4d, 0x78, 0x69, 0x9c, 0xae };
	const uint8_t *head = in->data.data;
	uint32_t size;

	if (in->data.size < KWB_HEADER || memchr(ids, head[0], sizeof(ids)) == NULL || head[KWB_AT_VERSION] > 1)
		return false;
	size = kwb_header_size(head);
	if (size < KWB_HEADER || size > KWB_HEADERS_MAX || size % 4 != 0)
		return false;
	/* no magic but one byte: places must be possible, and of a header that is short the sum right */
	if (load_le32(head + KWB_AT_SIZE) < 4 || load_le32(head + KWB_AT_SIZE) % 4 != 0 || load_le32(head + KWB_AT_SIZE) > 64 * 1024 * 1024 ||
	    load_le32(head + 20) == 0)
		return false;
	if (head[KWB_AT_VERSION] == 0)
		return (uint8_t)image_byte_sum(bytes_of(head, KWB_AT_SUM)) == head[KWB_AT_SUM];
	return image_in_memory(in, 0, size) &&
	       (uint8_t)(image_byte_sum(image_slice(in, 0, size)) - head[KWB_AT_SUM]) == head[KWB_AT_SUM];
}

static bool kwb_sum_is_right(const struct image_input *in, uint64_t payload, uint64_t size)
{
	return image_in_memory(in, payload, size) &&
	       word_sum(image_slice(in, payload, size - 4)) == load_le32(in->data.data + payload + size - 4);
}

/* A payload cannot begin inside its header: then the place counts in sectors, of SATA disks in ones of any size and by some builders from where
 * the header lies, which is in sector 1 (U-Boot tools/kwbimage.c, of 2022 and of today). The sum tells which was meant. */
static uint64_t kwb_payload(const struct image_input *in, uint64_t size)
{
	const uint8_t *head = in->data.data;
	uint64_t source = load_le32(head + KWB_AT_SOURCE), header = kwb_header_size(head), first = 0;
	unsigned largest = head[0] == KWB_SATA ? KWB_SECTOR_MAX : KWB_SECTOR;

	if (head[0] == KWB_PCIE && source == UINT32_MAX)
		return header;
	if (source >= header)
		return source;
	for (unsigned sector = KWB_SECTOR; sector <= largest; sector *= 2) {
		if (source * sector < header)
			continue;
		if (kwb_sum_is_right(in, source * sector, size))
			return source * sector;
		first = first > 0 ? first : source * sector;
	}
	if (source > 0 && kwb_sum_is_right(in, (source - 1) * KWB_SECTOR, size) && (source - 1) * KWB_SECTOR >= header)
		return (source - 1) * KWB_SECTOR;
	return first > 0 ? first : header;
}

static void inspect_kwb(const struct image_input *in, struct image_facts *facts)
{
	const uint8_t *head = in->data.data;
	uint64_t size = load_le32(head + KWB_AT_SIZE), payload = kwb_payload(in, size);
	uint32_t have, want;

	image_set_vendor(facts, "Marvell");
	text_copy(facts->arch, sizeof(facts->arch), "arm");
	text_copy(facts->checked, sizeof(facts->checked), "header sum");
	facts->is_padded_by_nature = true;
	if (head[KWB_AT_VERSION] == 0 && (head[KWB_AT_EXTENSION] & 1) && image_in_memory(in, 0, KWB_EXTENDED) &&
	    (uint8_t)image_byte_sum(bytes_of(head + KWB_HEADER, KWB_EXTENSION - 1)) != head[KWB_EXTENDED - 1])
		image_broken(facts, KWB_EXTENDED - 1, "its second header is damaged: its sum does not match");
	if (!image_declare(in, facts, payload + size) || !image_in_memory(in, payload, size))
		return;
	have = word_sum(image_slice(in, payload, size - 4));
	want = load_le32(head + payload + size - 4);
	text_copy(facts->checked, sizeof(facts->checked), "header and payload sums");
	if (have != want)
		image_broken(facts, payload, "its payload is damaged: the sum is %08" PRIx32 ", it says %08" PRIx32, have, want);
	else if (facts->whole != IMAGE_NO)
		facts->whole = IMAGE_YES;
}

const struct image_format image_format_kwb = {
	.role = IMAGE_ROLE_LOADER, .word = "kwbimage", .title = "Marvell boot image", .matches = is_kwb, .inspect = inspect_kwb,
};
