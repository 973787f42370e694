/* The line of input above the footer. */
#include "src/base/text.h"
#include "ui/ui_internal.h"

void ui_prompt(struct ui *ui, const char *label, const char *prefill, const struct ui_prompt_ops *ops, void *state)
{
	ui->has_prompt = true;
	ui->is_yes_no = ui->is_path = false;
	ui->prompt.names[0] = '\0';
	text_copy(ui->prompt.label, sizeof(ui->prompt.label), label);
	widget_input_set(&ui->prompt.input, prefill);
	ui->prompt.ops = *ops;
	ui->prompt.state = state;
}

void ui_accept_or_prompt(struct ui *ui, const char *argument, const char *label, const char *prefill, const struct ui_prompt_ops *ops, void *state)
{
	if (argument != NULL)
		ops->accept(ui, state, argument);
	else
		ui_prompt(ui, label, prefill, ops, state);
}

bool ui_read_offset(struct ui *ui, const char *text, uint64_t *ret_offset)
{
	if (text_parse_size(text, ret_offset))
		return true;
	ui_say(ui, true, "'%s' is no offset: write it as 0x20000, 131072 or 128KiB", text);
	return false;
}

void ui_prompt_path(struct ui *ui, const char *label, const char *prefill, const struct ui_prompt_ops *ops, void *state)
{
	ui_prompt(ui, label, prefill, ops, state);
	ui->is_path = true;
}

void ui_ask(struct ui *ui, const char *label, const char *yes, const struct ui_prompt_ops *ops, void *state)
{
	ui_prompt(ui, label, "", ops, state);
	ui->is_yes_no = true;
	text_copy(ui->prompt.yes, sizeof(ui->prompt.yes), yes);
}

void ui_prompt_key(struct ui *ui, int key)
{
	struct widget_input *input = &ui->prompt.input;

	bool is_yes = ui->is_yes_no && (key == 'y' || key == 'Y');

	if (key == UI_KEY_ESC || key == 3 || (ui->is_yes_no && !is_yes)) {
		ui->has_prompt = false;
		if (ui->prompt.ops.cancelled != NULL)
			ui->prompt.ops.cancelled(ui, ui->prompt.state);
	} else if (key == '\t' && ui->is_path) {
		widget_input_complete_path(input, ui->prompt.names, sizeof(ui->prompt.names));
	} else if (key == UI_KEY_ENTER || is_yes) {
		ui->has_prompt = false;
		if (ui->is_path)
			widget_input_expand_home(input);
		if (ui->prompt.ops.accept != NULL)
			ui->prompt.ops.accept(ui, ui->prompt.state, input->text);
	} else if (widget_input_key(input, key) && ui->prompt.ops.changed != NULL) {
		ui->prompt.ops.changed(ui, ui->prompt.state, input->text);
	}
}
