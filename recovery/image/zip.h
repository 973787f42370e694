/* recovery/image/zip.h
 *
 * Zip, and the formats of vendors who changed its magic words. For recovery/image.
 * Source: PKWARE APPNOTE 6.3.10, 4.3. */
#ifndef UNBRICK_RECOVERY_IMAGE_ZIP_H
#define UNBRICK_RECOVERY_IMAGE_ZIP_H

#include "recovery/image/format.h"

/* The words that begin the three kinds of records, "PK\3\4" and so on. */
struct zip_dialect {
	const char *first;		/* the local header at the start of the file */
	const char *local, *entry, *end;
};

extern const struct zip_dialect zip_standard;

struct zip_member {
	struct bytes name;
	uint64_t data, packed;		/* where its bytes are and how many */
	uint64_t size;			/* unpacked */
	uint32_t crc;
	unsigned method;
	bool local_differs;	/* its own header says another checksum or size than the directory */
	bool is_encrypted;
};

/* Sees each member, also those whose names only the local headers told, before any of them was checked. */
typedef void zip_see_member(const struct image_input *in, struct image_facts *facts, const struct zip_member *member);

/* Structure, checksums, parts. */
void zip_inspect(const struct image_input *in, struct image_facts *facts, const struct zip_dialect *dialect, zip_see_member *see);
/* The beginning of a stored or deflated member; returns how much of it is in to. */
size_t zip_read(const struct image_input *in, const struct zip_member *member, uint8_t *to, size_t room);
bool zip_is_named(const struct zip_member *member, const char *name);

/* What the packages of camera vendors say of themselves. */
zip_see_member camera_zip_see;

#endif
