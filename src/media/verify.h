/* src/media/verify.h
 *
 * Who made a file, and is it whole? Compares it with checksums and detached signatures: those that are given, or,
 * where none is, those that lie beside it. What was not compared is never called right. Blocking: for a worker
 * thread. */
#ifndef UNBRICK_MEDIA_VERIFY_H
#define UNBRICK_MEDIA_VERIFY_H

#include "src/media/expected.h"

enum verify_outcome { VERIFY_CANNOT_TELL, VERIFY_OK, VERIFY_WRONG };

struct verify_request {
	const char *path;
	struct expected_texts expected;
	const char *signature;		/* paths; NULL: not given */
	const char *key;		/* minisign, signify, PEM or DER: public key or certificate; or the line of a minisign or signify key itself */
	const char *ca;			/* PEM: whom to trust for CMS */
	const char *keyring;		/* of OpenPGP keys, for gpgv */
};

struct verify_watch {
	_Atomic uint64_t bytes;
	atomic_bool cancel;
};

struct verify_finding {			/* one thing that was compared, or could not be */
	enum verify_outcome outcome;
	bool was_asked;			/* given by the operator; else found beside the file */
	char means[24];			/* "sha256", "minisign", "signify", "cms", "ecdsa", "openpgp"... */
	char against[256];		/* what with: the path of a list or signature, "given by hand" */
	char who[192];			/* key id or name of who signed; "": not told */
	char reason[384];		/* one sentence without a full stop */
	char warning[192];
};

enum { VERIFY_FINDINGS = 16 };

struct verify_result {
	enum verify_outcome outcome;
	uint64_t size;
	struct checksum sha256;
	struct verify_finding finding[VERIFY_FINDINGS];
	unsigned count;			/* 0: there was nothing to compare with */
};

/* "cannot tell", "ok", "wrong". */
const char *verify_outcome_name(enum verify_outcome outcome);
/* WRONG when one finding is; else CANNOT_TELL when one that was asked for is, or when none is OK. Sets ret->outcome. */
void verify_conclude(struct verify_result *result);
/* What came out, and why. */
void verify_finding_conclude(struct verify_finding *finding, enum verify_outcome outcome, const char *reason);
/* The next finding, or NULL when there are too many. */
struct verify_finding *verify_add(struct verify_result *result);

/* Anything given is unusable (no such file, no checksum, no key): an error. Otherwise OK, and ret_result says the
 * rest. */
enum status verify_file(const struct verify_request *request, struct verify_watch *watch,
			struct verify_result *ret_result, struct error *reterr);

#endif
