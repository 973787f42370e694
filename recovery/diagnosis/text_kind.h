/* recovery/diagnosis/text_kind.h
 *
 * What a line looks like apart from its meaning: a message of a program, prose, or program source. A manual or a source
 * file is full of the sentences that signs look for, and tells of no device. */
#ifndef UNBRICK_RECOVERY_TEXT_KIND_H
#define UNBRICK_RECOVERY_TEXT_KIND_H

#include <stdbool.h>

#include "src/base/bytes.h"

enum text_kind {
	TEXT_BLANK,
	TEXT_MESSAGE,
	TEXT_PROSE,
	TEXT_CODE,
};

enum text_kind text_kind_of(struct bytes line);
/* The program that printed the line marks it as a mere remark: "INFO[0000] ...", "[INFO ] : ...", "<inf> main: ...",
 * "D/tag: ...", "I (57) boot: ...". */
bool text_is_remark(struct bytes line);

#endif
