/* recovery/image/mender.h
 *
 * For recovery/image. Source: Mender documentation, "Artifact format v3": mender-artifact Documentation/artifact-format-v3.md. */
#ifndef UNBRICK_RECOVERY_IMAGE_MENDER_H
#define UNBRICK_RECOVERY_IMAGE_MENDER_H

#include "recovery/image/format.h"

/* The member header-info of header.tar: for which device types it is, and the artifact's name. */
void mender_read_header_info(struct bytes json, struct image_facts *facts);

#endif
