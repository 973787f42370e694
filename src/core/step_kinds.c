#include "src/base/cleanup.h"
#include "src/core/step.h"

/* A kind that has no row of its own is led through by hand: the text says what to do, the operator says what came of it. */
static const struct step_ops *const kinds[STEP_KIND_COUNT] = {
	[STEP_NOTE] = &step_note,
	[STEP_CONFIRM] = &step_confirm,
	[STEP_IDENTIFY] = &step_identify,
	[STEP_BENCH_NET] = &step_bench_net,
	[STEP_SERVE] = &step_serve,
	[STEP_POWER] = &step_power,
	[STEP_BUTTON] = &step_button,
	[STEP_STOP_BOOT] = &step_stop_boot,
	[STEP_SEND] = &step_send,
	[STEP_LOGIN] = &step_login,
	[STEP_LOAD] = &step_load,
	[STEP_UART_LOAD] = &step_uart_load,
	[STEP_UNLOCK] = &step_unlock,
	[STEP_COMPARE] = &step_compare,
	[STEP_LOOK] = &step_look,
	[STEP_WRITE] = &step_write,
	[STEP_READBACK] = &step_readback,
	[STEP_FREE_SPACE] = &step_free_space,
	[STEP_ENVIRONMENT] = &step_environment,
	[STEP_BOOT] = &step_boot,
	[STEP_WAIT] = &step_wait,
	[STEP_CHECK_IMAGE] = &step_check_image,
	[STEP_VERIFY] = &step_verify,
	[STEP_RESULT] = &step_result,
};

const struct step_ops *step_ops_find(enum step_kind kind)
{
	return (size_t)kind < ARRAY_SIZE(kinds) && kinds[kind] ? kinds[kind] : &step_by_hand;
}
