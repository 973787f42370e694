#include "recovery/image/signature.h"

#include "src/base/cleanup.h"

static const char comment_start[] = "untrusted comment:";
static const char trusted_start[] = "trusted comment: ";

static bool starts(struct bytes text, const char *with)
{
	size_t length = strlen(with);

	return text.size >= length && memcmp(text.data, with, length) == 0;
}

static bool holds(struct bytes text, const char *part)
{
	return memmem(text.data, text.size, part, strlen(part)) != NULL;
}

/* The next line without its end; false: there is none. */
static bool next_line(struct bytes *rest, struct bytes *ret_line)
{
	const uint8_t *end;

	if (rest->size == 0)
		return false;
	end = memchr(rest->data, '\n', rest->size);
	*ret_line = bytes_of(rest->data, end ? (size_t)(end - rest->data) : rest->size);
	*rest = bytes_from(*rest, ret_line->size + (end != NULL));
	while (ret_line->size > 0 && ret_line->data[ret_line->size - 1] == '\r')
		ret_line->size--;
	return true;
}

/* ---- which kind ---- */

/* ContentInfo: SEQUENCE { OBJECT IDENTIFIER signedData ... (RFC 5652, 3 and 5.1); its length has 1 to 5 bytes. */
static bool is_cms_der(struct bytes file)
{
	static const uint8_t signed_data[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02 };
	size_t length;

	if (file.size < 2 || file.data[0] != 0x30)
		return false;
	length = file.data[1] & 0x80 ? 1u + (file.data[1] & 0x7f) : 1u;
	return length <= 5 && bytes_from(file, 1 + length).size >= sizeof(signed_data) &&
	       memcmp(file.data + 1 + length, signed_data, sizeof(signed_data)) == 0;
}

/* Tag 2, in the old and in the new form (RFC 4880, 4.2), of version 3 or 4 to 6. Chance makes a raw signature look
 * so once in some thousand times; hence the length has to fit, too. */
static bool is_openpgp_packet(struct bytes file)
{
	size_t header, length;

	if (file.size < 8)
		return false;
	switch (file.data[0]) {
	case 0x88:
		header = 2;
		length = file.data[1];
		break;
	case 0x89:
		header = 3;
		length = load_be16(file.data + 1);
		break;
	case 0xc2:
		header = file.data[1] < 192 ? 2 : 3;
		length = file.data[1] < 192 ? file.data[1] : (size_t)(file.data[1] - 192) * 256 + file.data[2] + 192;
		break;
	default:
		return false;
	}
	return length <= file.size - header && file.data[header] >= 3 && file.data[header] <= 6;
}

enum signature_kind signature_kind_of(struct bytes file)
{
	if (starts(file, comment_start))
		return SIGNATURE_ED25519_FILE;
	if (holds(file, "-----BEGIN PGP SIGNATURE-----") || is_openpgp_packet(file))
		return SIGNATURE_OPENPGP;
	if (holds(file, "-----BEGIN PKCS7-----") || holds(file, "-----BEGIN CMS-----") ||
	    holds(file, "-----BEGIN PKCS #7 SIGNED DATA-----") || is_cms_der(file))
		return SIGNATURE_CMS;
	return SIGNATURE_RAW;
}

/* ---- base64, RFC 4648, 4 ---- */

static int base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Exactly size bytes, padded, nothing else on the line. */
static bool read_base64(struct bytes line, uint8_t *to, size_t size)
{
	size_t digits = (size * 8 + 5) / 6, done = 0;
	uint32_t bits = 0;
	unsigned have = 0;

	if (line.size != (size + 2) / 3 * 4)
		return false;
	for (size_t i = 0; i < line.size; i++) {
		int value = base64_value(line.data[i]);

		if (i >= digits) {
			if (line.data[i] != '=')
				return false;
			continue;
		}
		if (value < 0)
			return false;
		bits = (bits << 6 | (uint32_t)value) & 0xffffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			to[done++] = (uint8_t)(bits >> have);
		}
	}
	/* the bits that are left over are no part of it, and must not be used to make two texts of one value */
	return done == size && (bits & ((1u << have) - 1)) == 0;
}

/* ---- minisign and signify ---- */

enum { SIGNATURE_BLOB = 2 + SIGNATURE_KEY_ID + SIGNATURE_SIZE, KEY_BLOB = 2 + SIGNATURE_KEY_ID + SIGNATURE_PUBLIC_KEY };

const char *signature_read(struct bytes file, struct signature_file *ret_signature)
{
	struct signature_file signature = { .is_prehashed = false };
	uint8_t blob[SIGNATURE_BLOB];
	struct bytes line;

	if (!next_line(&file, &line) || !starts(line, comment_start))
		return "it does not begin with an untrusted comment";
	if (!next_line(&file, &line) || !read_base64(line, blob, sizeof(blob)))
		return "its second line is no signature";
	if (blob[0] != 'E' || (blob[1] != 'd' && blob[1] != 'D'))
		return "it is of an algorithm that is not known";
	signature.is_prehashed = blob[1] == 'D';
	memcpy(signature.key_id, blob + 2, SIGNATURE_KEY_ID);
	memcpy(signature.value, blob + 2 + SIGNATURE_KEY_ID, SIGNATURE_SIZE);
	signature.is_minisign = next_line(&file, &line) && starts(line, trusted_start);
	if (signature.is_minisign) {
		signature.trusted_comment = bytes_from(line, strlen(trusted_start));
		if (signature.trusted_comment.size > SIGNATURE_COMMENT_MAX)
			return "its trusted comment is too long";
		if (!next_line(&file, &line) || !read_base64(line, signature.global, SIGNATURE_SIZE))
			return "the signature of its trusted comment is missing";
	} else if (signature.is_prehashed) {
		return "its trusted comment is missing"; /* only minisign writes this algorithm, and always with one */
	}
	*ret_signature = signature;
	return NULL;
}

const char *signature_read_key(struct bytes file, struct signature_key *ret_key)
{
	uint8_t blob[KEY_BLOB];
	struct bytes line;

	if (!next_line(&file, &line) || (starts(line, comment_start) && !next_line(&file, &line)) ||
	    !read_base64(line, blob, sizeof(blob)))
		return "it is no public key of minisign or signify";
	if (blob[0] != 'E' || blob[1] != 'd')
		return "it is a key of an algorithm that is not known";
	memcpy(ret_key->key_id, blob + 2, SIGNATURE_KEY_ID);
	memcpy(ret_key->value, blob + 2 + SIGNATURE_KEY_ID, SIGNATURE_PUBLIC_KEY);
	return NULL;
}

bool signature_is_key(struct bytes file)
{
	struct signature_key key;

	return signature_read_key(file, &key) == NULL;
}

char *signature_key_id_text(const uint8_t key_id[SIGNATURE_KEY_ID], bool is_minisign, char to[SIGNATURE_KEY_ID_TEXT])
{
	const char *digits = is_minisign ? "0123456789ABCDEF" : "0123456789abcdef";

	for (size_t i = 0; i < SIGNATURE_KEY_ID; i++) {
		uint8_t byte = key_id[is_minisign ? SIGNATURE_KEY_ID - 1 - i : i];

		to[2 * i] = digits[byte >> 4];
		to[2 * i + 1] = digits[byte & 15];
	}
	to[2 * SIGNATURE_KEY_ID] = '\0';
	return to;
}
