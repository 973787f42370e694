/* recovery/image/fit_signature.h
 *
 * The signatures of a FIT, as far as they can be told without a key: which there are, which bytes each was made over, and what it leaves open
 * although it fits. Pure.
 * A signature of a part covers the part's data. One of a configuration covers nodes of the tree; the data is covered by the hashes in them.
 * Which nodes it was made over stands in the node "hashed-nodes", which nobody signed: so what had to be in them is compared with it, as U-Boot
 * itself makes that list anew.
 * Source: U-Boot doc/usage/fit/signature.rst ("Details", "Signed Configurations"). */
#ifndef UNBRICK_RECOVERY_IMAGE_FIT_SIGNATURE_H
#define UNBRICK_RECOVERY_IMAGE_FIT_SIGNATURE_H

#include "recovery/image/format.h"

enum {
	FIT_PATH = 256,		/* U-Boot's own limit is 200 */
	FIT_SIGNATURES = 16,
	FIT_PIECES = 1024,
};

struct fit_signature {
	char target[FIT_PATH];		/* the signed node: "/configurations/conf-1", "/images/kernel-1" */
	bool is_of_part;		/* an image, not a configuration */
	char algorithm[32];		/* "sha256,rsa2048" */
	char padding[16];		/* "" or "pkcs-1.5"; "pss" */
	char key[64];			/* key-name-hint, made printable */
	struct bytes value, hashed_nodes;	/* borrowed */
	bool has_strings;
	uint32_t strings;		/* so many bytes of the table of strings are covered */
};

struct fit_signatures {
	struct fit_signature signature[FIT_SIGNATURES];
	unsigned count;
	unsigned configurations, signed_configurations;
};

/* in: a file from its start. False: it is no FIT. */
bool fit_signatures_find(const struct image_input *in, struct fit_signatures *ret_found);
/* The bytes it was made over, in order; is_old: as mkimage did before 2018, where only "data" was left out. 0: they cannot be told. */
size_t fit_signature_pieces(const struct image_input *in, const struct fit_signature *signature, bool is_old, struct bytes ret_pieces[FIT_PIECES]);
/* What it does not cover, or what is not as it was when it was signed; "": nothing. Hashes the parts that are signed. */
void fit_signature_gap(const struct image_input *in, const struct fit_signature *signature, char *to, size_t size);

#endif
