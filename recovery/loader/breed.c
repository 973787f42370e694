/* Breed. It loads over HTTP (wget, from a server on the bench) or takes the file on its own web page; its console prints no checksum that
 * anybody has described. So this driver knows it, restarts it, and sends the operator to its web page, which checks and burns by itself.
 * Sources: Breed's banner and wget's answer as guides print them; OpenWrt wiki, breed. */
#include "recovery/loader/talk.h"
#include "src/base/text.h"

static enum loader_turn learn(struct loader_task *task, const char *reply, struct loader_say *say, struct error *reterr)
{
	struct loader_build *build = task->build;

	if (task->step++ == 0) {
		*build = (struct loader_build){ 0 };
		return loader_type(say, SILENCE_SHORT_MS, "help");
	}
	if (!loader_help_names(reply, "flash"))
		return loader_is_another("Breed", reterr);
	text_copy(build->version, sizeof(build->version), "Breed");
	build->is_known = true;
	build->has_reset = loader_help_names(reply, "reset");
	return LOADER_DONE;
}

static const char on_its_page[] = "Breed is given the file on its web page, http://192.168.1.1, where it checks and burns it";

const struct loader_driver loader_breed = {
	.name = "breed", .reset_command = "reset", .learn = learn,
	.why_no_load = on_its_page, .why_no_write = on_its_page, .why_no_compare = on_its_page,
};
