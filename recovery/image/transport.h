/* recovery/image/transport.h
 *
 * What was done to a file on its way by somebody who took it for text: it is damaged from its start to its end, whatever its format and
 * whether or not anything in it covers that. For recovery/image. */
#ifndef UNBRICK_RECOVERY_IMAGE_TRANSPORT_H
#define UNBRICK_RECOVERY_IMAGE_TRANSPORT_H

#include "recovery/image/format.h"

/* Names the damage before all other, as their cause. */
void image_note_transport(const struct image_input *in, struct image_facts *facts);

#endif
