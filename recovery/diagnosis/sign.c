/* recovery/diagnosis/sign.c */
#include "recovery/diagnosis/sign.h"

#include "src/base/cleanup.h"
#include "src/base/text.h"

static const char *const effects[] = {
	[SIGN_MILESTONE] = "milestone",
	[SIGN_FAULT] = "fault",
	[SIGN_HARMLESS] = "harmless",
	[SIGN_HEALTHY] = "healthy",
	[SIGN_PROGRESS] = "progress",
	[SIGN_DONE] = "done",
	[SIGN_PROMPT] = "prompt",
	[SIGN_FACT] = "fact",
	[SIGN_HARDWARE] = "hardware",
	[SIGN_TROUBLE] = "trouble",
};

const char *sign_effect_name(enum sign_effect effect)
{
	return effects[effect];
}

bool sign_effect_parse(const char *name, enum sign_effect *ret_effect)
{
	for (unsigned i = 0; i < ARRAY_SIZE(effects); i++) {
		if (!text_equal(name, effects[i]))
			continue;
		*ret_effect = (enum sign_effect)i;
		return true;
	}
	return false;
}
