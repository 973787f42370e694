#include "src/media/fit_check.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/image/fit_signature.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/digest.h"
#include "src/media/image_file.h"
#include "src/media/signature_key.h"

enum { RSA_BITS_MIN = 2048, POINT_MAX = 66 };	/* bytes of a coordinate: P-521 */

DEFINE_AUTO(image_file);
DEFINE_AUTO(digest_stream);

struct check {
	const struct image_input *in;
	const struct fit_signatures *found;
	EVP_PKEY *key;			/* NULL: not given */
	char who[192];
	struct bytes pieces[FIT_PIECES];
};

/* "sha256,rsa2048": the hash goes to hash, the rest is returned. */
static const char *split_algorithm(const struct fit_signature *signature, char *hash, size_t size)
{
	const char *comma = strchr(signature->algorithm, ',');

	text_format(hash, size, "%.*s", (int)strcspn(signature->algorithm, ","), signature->algorithm);
	return comma != NULL ? comma + 1 : "";
}

static bool is_key_of(EVP_PKEY *key, const char *kind)
{
	int id = EVP_PKEY_base_id(key);
	char wanted[24];

	if (id == EVP_PKEY_EC)
		return text_starts(kind, "ecdsa") || text_starts(kind, "secp");
	text_format(wanted, sizeof(wanted), "rsa%d", EVP_PKEY_bits(key));
	return id == EVP_PKEY_RSA && text_equal(kind, wanted);
}

/* Of ECDSA U-Boot keeps the two numbers behind each other, each as long as a coordinate; OpenSSL wants them as X.509 has them. */
static struct bytes ecdsa_as_der(struct bytes value, uint8_t **ret_der)
{
	ECDSA_SIG *both = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(value.data, (int)value.size / 2, NULL), *s = BN_bin2bn(value.data + value.size / 2, (int)value.size / 2, NULL);
	int size = 0;

	*ret_der = NULL;
	if (both != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(both, r, s) == 1) {
		r = s = NULL;
		size = i2d_ECDSA_SIG(both, ret_der);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(both);
	return bytes_of(*ret_der, size > 0 ? (size_t)size : 0);
}

static enum verify_outcome value_fits(EVP_PKEY *key, const struct fit_signature *signature, const char *hash, struct bytes digest)
{
	enum verify_outcome fits = VERIFY_CANNOT_TELL;
	uint8_t *der = NULL;
	struct bytes value = signature->value;

	if (EVP_PKEY_base_id(key) != EVP_PKEY_EC)
		return signature_fits_digest(key, hash, text_equal(signature->padding, "pss"), value, digest);
	if (value.size == 0 || value.size % 2 != 0 || value.size > 2 * POINT_MAX)
		return VERIFY_WRONG;
	value = ecdsa_as_der(value, &der);
	if (value.size > 0)
		fits = signature_fits_digest(key, hash, false, value, digest);
	OPENSSL_free(der);
	return fits;
}

static enum verify_outcome signature_fits(struct check *check, const struct fit_signature *signature)
{
	enum verify_outcome fits = VERIFY_CANNOT_TELL;
	uint8_t digest[EVP_MAX_MD_SIZE];
	char hash[16];

	if (!is_key_of(check->key, split_algorithm(signature, hash, sizeof(hash))))
		return VERIFY_CANNOT_TELL;
	for (int is_old = 0; is_old < 2 && fits != VERIFY_OK; is_old++) {
		size_t count = fit_signature_pieces(check->in, signature, is_old, check->pieces), size;
		AUTO(digest_stream) stream = text_starts(hash, "sha") && count > 0 ? digest_stream_new(hash) : NULL;

		if (stream == NULL)
			return VERIFY_CANNOT_TELL;
		for (size_t i = 0; i < count; i++)
			digest_stream_add(stream, check->pieces[i]);
		size = digest_stream_end(stream, digest, sizeof(digest));
		fits = size > 0 ? value_fits(check->key, signature, hash, bytes_of(digest, size)) : VERIFY_CANNOT_TELL;
	}
	return fits;
}

static void say_fits(const struct check *check, const struct fit_signature *signature, struct verify_finding *finding)
{
	unsigned unsigned_ones = check->found->configurations - check->found->signed_configurations;

	fit_signature_gap(check->in, signature, finding->reason, sizeof(finding->reason));
	finding->outcome = finding->reason[0] == '\0' ? VERIFY_OK : VERIFY_WRONG;
	if (finding->reason[0] == '\0')
		text_copy(finding->reason, sizeof(finding->reason),
			  signature->is_of_part ? "the signature fits" : "the signature fits, and the hashes that it covers fit all parts of it");
	if (text_starts(signature->algorithm, "sha1"))
		text_copy(finding->warning, sizeof(finding->warning), "SHA-1 protects against damage, not against forgery");
	else if (EVP_PKEY_base_id(check->key) == EVP_PKEY_RSA && EVP_PKEY_bits(check->key) < RSA_BITS_MIN)
		text_format(finding->warning, sizeof(finding->warning), "an RSA key of %d bits can be broken", EVP_PKEY_bits(check->key));
	else if (signature->is_of_part)
		text_copy(finding->warning, sizeof(finding->warning), "it covers this part alone: with which others it is started, nobody signed");
	else if (unsigned_ones > 0)
		text_format(finding->warning, sizeof(finding->warning), "%u other configuration%s in it %s not signed", unsigned_ones,
			    unsigned_ones == 1 ? "" : "s", unsigned_ones == 1 ? "is" : "are");
}

/* Several keys may have signed the same: one that fits is enough. */
static void judge(struct check *check, unsigned first, struct verify_finding *finding)
{
	const struct fit_signature *signature = check->found->signature;
	bool is_wrong = false;

	text_copy(finding->means, sizeof(finding->means), "fit");
	text_format(finding->against, sizeof(finding->against), "%s, key '%s' (%s)", signature[first].target, signature[first].key,
		    signature[first].algorithm);
	text_copy(finding->who, sizeof(finding->who), check->who);
	if (check->key == NULL) {
		text_copy(finding->reason, sizeof(finding->reason), "it is signed, but by whom is not known: --key names the vendor's public key");
		return;
	}
	for (unsigned i = first; i < check->found->count; i++) {
		enum verify_outcome fits = text_equal(signature[i].target, signature[first].target) ? signature_fits(check, &signature[i]) : VERIFY_CANNOT_TELL;

		if (fits == VERIFY_OK) {
			say_fits(check, &signature[i], finding);
			return;
		}
		is_wrong |= fits == VERIFY_WRONG;
	}
	finding->outcome = is_wrong ? VERIFY_WRONG : VERIFY_CANNOT_TELL;
	text_copy(finding->reason, sizeof(finding->reason), is_wrong ? "the signature does not fit this key: another one made it, or what was signed is damaged or changed"
		  : "it cannot be checked by this key: it was made by one of another kind or size");
}

static bool is_first(const struct fit_signatures *found, unsigned at)
{
	for (unsigned i = 0; i < at; i++)
		if (text_equal(found->signature[i].target, found->signature[at].target))
			return false;
	return true;
}

enum status fit_check(const char *path, struct bytes key, struct verify_result *result, unsigned *ret_count, struct error *reterr)
{
	AUTO(image_file) file = NULL;
	AUTO_FREE struct check *check = calloc(1, sizeof(*check));
	AUTO_FREE struct fit_signatures *found = calloc(1, sizeof(*found));
	struct image_input in = { .ops = image_file_ops() };
	struct verify_finding *finding;
	enum status status;

	*ret_count = 0;
	if (check == NULL || found == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to check '%s'", path);
	status = image_file_open(path, &file, reterr);
	if (status != STATUS_OK)
		return status == STATUS_INVALID ? STATUS_OK : status;	/* an empty file, a device: no FIT */
	in.data = image_file_bytes(file);
	in.size = in.data.size;
	if (!fit_signatures_find(&in, found) || found->count == 0)
		return STATUS_OK;
	check->in = &in;
	check->found = found;
	if (key.size > 0)
		status = signature_key_read(key, &check->key, check->who, sizeof(check->who), reterr);
	for (unsigned i = 0; i < found->count && status == STATUS_OK; i++)
		if (is_first(found, i) && (finding = verify_add(result)) != NULL) {
			finding->was_asked = key.size > 0;
			judge(check, i, finding);
			++*ret_count;
		}
	EVP_PKEY_free(check->key);
	if (status == STATUS_OK && !image_file_is_same(file, reterr))
		return STATUS_REFUSED;
	return status;
}
