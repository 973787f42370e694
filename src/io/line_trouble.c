/* src/io/line_trouble.c
 *
 * Why a port cannot be had or does not work, and what helps. */
#include <stdio.h>
#include <string.h>

#include "src/base/text.h"
#include "src/io/bench_internal.h"
#include "src/io/line_driver.h"

enum status line_trouble_busy(const struct bench_roots *roots, const char *path, const char *holder, struct error *reterr)
{
	struct bench_adapter adapter = { .vendor = 0 };
	char remedy[256];

	error_set(reterr, STATUS_BUSY, "%.200s is in use by %.200s", path, holder);
	if (text_starts(holder, "ModemManager")) {
		bench_adapter_of(roots, text_file_name(path), &adapter);
		return error_hint(reterr, "%s", bench_modem_remedy(text_file_name(path), adapter.vendor, adapter.product, remedy, sizeof(remedy)));
	}
	if (text_starts(holder, "brltty"))
		return error_hint(reterr, "It takes it for a braille display: sudo systemctl mask --now brltty-udev.service brltty.service, "
					  "then plug it in again");
	if (text_contains(holder, "getty"))
		return error_hint(reterr, "A login runs there: sudo systemctl stop serial-getty@%.40s", text_file_name(path));
	return error_hint(reterr, "End that program, then try again");
}

enum status line_trouble_gone(const struct bench_roots *roots, const char *path, struct error *reterr)
{
	char said[140];

	if (!bench_exists(roots, "%s", path))
		error_hint(reterr, "It left the bus when it was opened: too little power (a hub?), a bad cable, or a broken adapter");
	else
		error_hint(reterr, "There is a name, but no device behind it: plug the adapter out and in again");
	if (reterr != NULL && bench_kernel_says(roots, text_file_name(path), said, sizeof(said)))
		text_append(reterr->hint, sizeof(reterr->hint), ". The kernel says: %s", said);
	return STATUS_GONE;
}

bool line_drain_look(struct line_drain *drain, uint64_t written, int waiting, uint64_t now_ms)
{
	bool was_stuck = drain->is_stuck;
	uint64_t left = written - (uint64_t)(waiting > 0 ? waiting : 0);

	if (waiting <= 0) {
		*drain = (struct line_drain){ .left = left };
		return was_stuck;
	}
	/* What has left counts, not what waits: a full buffer that is filled again and again looks the same each time. */
	if (drain->moved_ms == 0 || left != drain->left)
		drain->moved_ms = now_ms;
	drain->left = left;
	drain->is_stuck = now_ms - drain->moved_ms >= LINE_DRAIN_MS;
	return drain->is_stuck != was_stuck;
}

enum status line_trouble_stuck(const char *name, enum line_flow flow, struct error *reterr)
{
	if (flow == LINE_FLOW_RTSCTS) {
		error_set(reterr, STATUS_TIMEOUT, "%.200s: nothing leaves: the device holds CTS off", name);
		return error_hint(reterr, "Is its RTS wired to our CTS? If the cable has three wires, set flow control to none");
	}
	if (flow == LINE_FLOW_XONXOFF) {
		error_set(reterr, STATUS_TIMEOUT, "%.200s: nothing leaves: the device has sent XOFF and no XON", name);
		return error_hint(reterr, "Set flow control to none if the device does not use XON and XOFF");
	}
	error_set(reterr, STATUS_TIMEOUT, "%.200s: nothing leaves the adapter: it is wedged", name);
	return error_hint(reterr, "Plug the adapter out and in again; everything goes on by itself");
}
