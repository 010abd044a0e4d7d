"""Slack's own names of emoji: only those that no rule of :mod:`tieline_slack.emoji` finds.

Rule: a name, then its emoji without variation selectors; nothing else stands here. Not promised: names that Slack
gives to emoji of a later Unicode, until somebody adds what the rules get wrong. Next stop: :mod:`tieline_slack.emoji`.

Source: the names that Slack's clients show; they are the short names of Unicode's emoji in iamcal/emoji-data, 15.1.
"""

from __future__ import annotations

from typing import Final

INSTEAD: Final = """
keycap_star *⃣ cn 🇨🇳 de 🇩🇪 es 🇪🇸 fr 🇫🇷 gb 🇬🇧 it 🇮🇹 jp 🇯🇵 kr 🇰🇷 ru 🇷🇺 us 🇺🇸 mostly_sunny 🌤 barely_sunny 🌥
partly_sunny_rain 🌦 rain_cloud 🌧 snow_cloud 🌨 lightning 🌩 tornado 🌪 tangerine 🍊 fried_egg 🍳
knife_fork_plate 🍽 medal 🎖 film_frames 🎞 admission_tickets 🎟 sports_medal 🏅 weight_lifter 🏋 golfer 🏌
snow_capped_mountain 🏔 beach_with_umbrella 🏖 rainbow-flag 🏳‍🌈 ladybug 🐞 black_bird 🐦‍⬛ dolphin 🐬
eye-in-speech-bubble 👁‍🗨 facepunch 👊 +1 👍 -1 👎 shirt 👕 man_feeding_baby 👨‍🍼 man_with_probing_cane 👨‍🦯
man_in_motorized_wheelchair 👨‍🦼 man_in_manual_wheelchair 👨‍🦽 male-doctor 👨‍⚕ man-kiss-man 👨‍❤‍💋‍👨
woman_feeding_baby 👩‍🍼 woman_with_probing_cane 👩‍🦯 woman_in_motorized_wheelchair 👩‍🦼
woman_in_manual_wheelchair 👩‍🦽 female-doctor 👩‍⚕ woman-kiss-man 👩‍❤‍💋‍👨 woman-kiss-woman 👩‍❤‍💋‍👩
man_and_woman_holding_hands 👫 female-police-officer 👮‍♀ male-police-officer 👮‍♂
women-with-bunny-ears-partying 👯‍♀ men-with-bunny-ears-partying 👯‍♂ woman_with_veil 👰‍♀
man_with_veil 👰‍♂ bride_with_veil 👰 blond-haired-woman 👱‍♀ blond-haired-man 👱‍♂ person_with_blond_hair 👱
woman-wearing-turban 👳‍♀ man-wearing-turban 👳‍♂ man_with_turban 👳 female-construction-worker 👷‍♀
male-construction-worker 👷‍♂ information_desk_person 💁 female-guard 💂‍♀ male-guard 💂‍♂ guardsman 💂
hankey 💩 memo 📝 satellite_antenna 📡 e-mail 📧 camera_with_flash 📸 keycap_ten 🔟
man_in_business_suit_levitating 🕴 female-detective 🕵‍♀ male-detective 🕵‍♂ linked_paperclips 🖇
middle_finger 🖕 spock-hand 🖖 ballot_box_with_ballot 🗳 laughing 😆 face_with_rolling_eyes 🙄 ok_woman 🙆
person_frowning 🙍 person_with_pouting_face 🙎 non-potable_water 🚱 sleeping_accommodation 🛌
shopping_bags 🛍 octagonal_sign 🛑 shopping_trolley 🛒 airplane_departure 🛫 satellite 🛰 scooter 🛴
large_orange_circle 🟠 large_yellow_circle 🟡 large_green_circle 🟢 large_purple_circle 🟣
large_brown_circle 🟤 large_red_square 🟥 large_blue_square 🟦 large_orange_square 🟧 large_yellow_square 🟨
large_green_square 🟩 large_purple_square 🟪 large_brown_square 🟫 thinking_face 🤔 the_horns 🤘
left-facing_fist 🤛 right-facing_fist 🤜 i_love_you_hand_sign 🤟 face_with_cowboy_hat 🤠
rolling_on_the_floor_laughing 🤣 face_palm 🤦 face_with_raised_eyebrow 🤨 star-struck 🤩
face_with_symbols_on_mouth 🤬 face_with_hand_over_mouth 🤭 face_vomiting 🤮 breast-feeding 🤱
woman_in_tuxedo 🤵‍♀ man_in_tuxedo 🤵‍♂ person_doing_cartwheel 🤸 juggling 🤹 fencer 🤺 woman-wrestling 🤼‍♀
man-wrestling 🤼‍♂ wrestlers 🤼 handball 🤾 drum_with_drumsticks 🥁 first_place_medal 🥇 second_place_medal 🥈
third_place_medal 🥉 egg 🥚 glass_of_milk 🥛 kiwifruit 🥝 smiling_face_with_3_hearts 🥰 womans_flat_shoe 🥿
gorilla 🦍 giraffe_face 🦒 zebra_face 🦓 female_superhero 🦸‍♀ male_superhero 🦸‍♂ female_supervillain 🦹‍♀
male_supervillain 🦹‍♂ cheese_wedge 🧀 mate_drink 🧉 woman_standing 🧍‍♀ man_standing 🧍‍♂ woman_kneeling 🧎‍♀
man_kneeling 🧎‍♂ face_with_monocle 🧐 red_haired_person 🧑‍🦰 curly_haired_person 🧑‍🦱 bald_person 🧑‍🦲
white_haired_person 🧑‍🦳 woman_with_beard 🧔‍♀ man_with_beard 🧔‍♂ person_with_headscarf 🧕
woman_in_steamy_room 🧖‍♀ man_in_steamy_room 🧖‍♂ person_in_steamy_room 🧖 woman_climbing 🧗‍♀
man_climbing 🧗‍♂ person_climbing 🧗 woman_in_lotus_position 🧘‍♀ man_in_lotus_position 🧘‍♂
person_in_lotus_position 🧘 female_mage 🧙‍♀ male_mage 🧙‍♂ female_fairy 🧚‍♀ male_fairy 🧚‍♂
female_vampire 🧛‍♀ male_vampire 🧛‍♂ female_elf 🧝‍♀ male_elf 🧝‍♂ female_genie 🧞‍♀ male_genie 🧞‍♂
female_zombie 🧟‍♀ male_zombie 🧟‍♂ one-piece_swimsuit 🩱 briefs 🩲 x-ray 🩻 yo-yo 🪀 eject ⏏
black_left_pointing_double_triangle_with_vertical_bar ⏮ umbrella ☂ snowman ☃ umbrella_with_rain_drops ☔
snowman_without_snow ⛄ umbrella_on_ground ⛱ person_with_ball ⛹ email ✉ exclamation ❗
heavy_heart_exclamation_mark_ornament ❣
"""
"""What Slack calls these, where the rules would say something else."""

ALSO: Final = """
flag-cn 🇨🇳 flag-de 🇩🇪 flag-es 🇪🇸 flag-fr 🇫🇷 uk 🇬🇧 flag-gb 🇬🇧 flag-it 🇮🇹 flag-jp 🇯🇵 flag-kr 🇰🇷 flag-ru 🇷🇺
flag-us 🇺🇸 waxing_gibbous_moon 🌔 sun_small_cloud 🌤 sun_behind_cloud 🌥 sun_behind_rain_cloud 🌦
lightning_cloud 🌩 tornado_cloud 🌪 cooking 🍳 running 🏃 lantern 🏮 honeybee 🐝 lady_beetle 🐞 flipper 🐬
paw_prints 🐾 punch 👊 thumbsup 👍 thumbsdown 👎 tshirt 👕 shoe 👞 woman_and_man_holding_hands 👫 couple 👫
men_holding_hands 👬 women_holding_hands 👭 woman-with-bunny-ears-partying 👯‍♀
man-with-bunny-ears-partying 👯‍♂ collision 💥 poop 💩 shit 💩 open_book 📖 pencil 📝 knife 🔪
reversed_hand_with_middle_finger_extended 🖕 satisfied 😆 red_car 🚗 sign_of_the_horns 🤘
hand_with_index_and_middle_fingers_crossed 🤞 face_with_one_eyebrow_raised 🤨
grinning_face_with_star_eyes 🤩 grinning_face_with_one_large_and_one_small_eye 🤪
face_with_finger_covering_closed_lips 🤫 serious_face_with_symbols_covering_mouth 🤬
smiling_face_with_smiling_eyes_and_hand_covering_mouth 🤭 face_with_open_mouth_vomiting 🤮
shocked_face_with_exploding_head 🤯 mother_christmas 🤶 telephone ☎ staff_of_aesculapius ⚕ sailboat ⛵
envelope ✉ raised_hand ✋ heavy_exclamation_mark ❗
"""
"""What Slack understands besides; it answers the name above, or the rule's."""
