sched pool policy default edf
guest create /guests/control.dtb --start
guest create /guests/linux0.dtb --start
