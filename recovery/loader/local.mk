librecovery_a_SOURCES += recovery/protocol/dialog.c recovery/protocol/dialog.h \
	recovery/loader/loader.c recovery/loader/loader.h recovery/loader/stop_boot.c recovery/loader/stop_boot.h recovery/loader/uboot.c recovery/loader/uboot.h recovery/loader/uboot_flash.c recovery/loader/environment_check.c recovery/loader/environment_check.h \
	recovery/loader/console_state.c recovery/loader/console_state.h recovery/loader/macro.c recovery/loader/macro.h recovery/loader/talk.c recovery/loader/talk.h \
	recovery/loader/redboot.c recovery/loader/barebox.c recovery/loader/cfe.c recovery/loader/realtek.c recovery/loader/zyxel.c recovery/loader/zyxel.h \
	recovery/loader/breed.c recovery/loader/uboot_kin.c recovery/loader/echo_meter.c recovery/loader/echo_meter.h \
	recovery/loader/baud_raise.c recovery/loader/baud_raise.h
