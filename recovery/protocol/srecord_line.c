/* recovery/protocol/srecord_line.c */
#include "recovery/protocol/srecord_line.h"

/* Bytes of the address by type; 0: there is no such type. */
static const uint8_t address_size[10] = { 2, 2, 3, 4, 0, 2, 3, 4, 3, 2 };

static int digit_of(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static bool byte_at(struct bytes line, size_t at, uint8_t *ret_byte)
{
	int high = at + 1 < line.size ? digit_of(line.data[at]) : -1,
	    low = high >= 0 ? digit_of(line.data[at + 1]) : -1;

	*ret_byte = (uint8_t)(high * 16 + low);
	return low >= 0;
}

const char *srecord_read(struct bytes line, struct srecord *ret_record)
{
	uint8_t bytes[256], sum = 0;
	size_t count, address_bytes;

	if (line.size < 4 || line.data[0] != 'S' || line.data[1] < '0' || line.data[1] > '9')
		return "it does not begin with S and a digit";
	ret_record->type = line.data[1] - '0';
	address_bytes = address_size[ret_record->type];
	if (!byte_at(line, 2, &bytes[0]))
		return "a character is no hexadecimal digit";
	count = bytes[0];
	if (address_bytes == 0 || count < address_bytes + 1)
		return "its count is too small for its type";
	if (line.size != 4 + 2 * count)
		return "it is not as long as its count says";
	for (size_t i = 1; i <= count; i++)
		if (!byte_at(line, 2 + 2 * i, &bytes[i]))
			return "a character is no hexadecimal digit";
	for (size_t i = 0; i <= count; i++)
		sum = (uint8_t)(sum + bytes[i]);
	if (sum != 0xff)
		return "its checksum is wrong";
	ret_record->address = 0;
	for (size_t i = 1; i <= address_bytes; i++)
		ret_record->address = ret_record->address << 8 | bytes[i];
	ret_record->size = count - address_bytes - 1;
	memcpy(ret_record->data, bytes + 1 + address_bytes, ret_record->size);
	return NULL;
}

size_t srecord_write(char *to, unsigned type, uint32_t address, struct bytes data)
{
	static const char digits[] = "0123456789ABCDEF";
	uint8_t bytes[256], sum = 0;
	size_t address_bytes = address_size[type], count = 0, size = 0;

	bytes[count++] = (uint8_t)(address_bytes + data.size + 1);
	for (size_t i = address_bytes; i > 0; i--)
		bytes[count++] = (uint8_t)(address >> 8 * (i - 1));
	if (data.size > 0)
		memcpy(bytes + count, data.data, data.size);
	count += data.size;
	for (size_t i = 0; i < count; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[count++] = (uint8_t)~sum;
	to[size++] = 'S';
	to[size++] = (char)('0' + type);
	for (size_t i = 0; i < count; i++) {
		to[size++] = digits[bytes[i] >> 4];
		to[size++] = digits[bytes[i] & 15];
	}
	return size;
}
