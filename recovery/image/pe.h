/* recovery/image/pe.h
 *
 * The tables of a PE file, which EFI programs and kernels with an EFI stub are too. For recovery/image.
 * Source: Microsoft "PE Format". */
#ifndef UNBRICK_RECOVERY_IMAGE_PE_H
#define UNBRICK_RECOVERY_IMAGE_PE_H

#include "recovery/image/format.h"

/* Where the sections of the PE header at offset, and the signatures behind them, end in the file. 0: there is none, or it is not all in memory. */
uint64_t pe_end(const struct image_input *in, uint64_t offset);

#endif
