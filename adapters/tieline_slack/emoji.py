"""Emoji by Slack's names and by Unicode. Pure.

Rule: what has a name here crosses as Unicode; any other name stays ``:name:`` and comes back unharmed. Skin tones are
kept. Not promised: every emoji there is; those that people react with are here, and one that is missing is shown by
its name. Next stop: :mod:`tieline_slack.inbound` and :mod:`tieline_slack.outbound`.

Source of the names: Slack uses the short names of iamcal/emoji-data.
"""

from __future__ import annotations

from typing import Final

_TABLE: Final = """
+1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 ok_hand 👌 wave 👋 clap 👏 raised_hands 🙌 pray 🙏 muscle 💪 point_up ☝️
point_up_2 👆 point_down 👇 point_left 👈 point_right 👉 raised_hand ✋ hand ✋ fist ✊ facepunch 👊 punch 👊
v ✌️ crossed_fingers 🤞 hand_with_index_and_middle_fingers_crossed 🤞 handshake 🤝 writing_hand ✍️
call_me_hand 🤙 heart ❤️ orange_heart 🧡 yellow_heart 💛 green_heart 💚 blue_heart 💙 purple_heart 💜
black_heart 🖤 white_heart 🤍 broken_heart 💔 two_hearts 💕 sparkling_heart 💖 heartpulse 💗 hearts ♥️
heart_hands 🫶 saluting_face 🫡 grinning 😀 smiley 😃 smile 😄 grin 😁 laughing 😆 satisfied 😆 sweat_smile 😅
joy 😂 rolling_on_the_floor_laughing 🤣 slightly_smiling_face 🙂 upside_down_face 🙃 wink 😉 blush 😊
innocent 😇 heart_eyes 😍 star-struck 🤩 kissing_heart 😘 yum 😋 stuck_out_tongue 😛
stuck_out_tongue_winking_eye 😜 zany_face 🤪 hugging_face 🤗 thinking_face 🤔 zipper_mouth_face 🤐
face_with_raised_eyebrow 🤨 neutral_face 😐 expressionless 😑 no_mouth 😶 smirk 😏 unamused 😒
face_with_rolling_eyes 🙄 grimacing 😬 relieved 😌 pensive 😔 sleepy 😪 sleeping 😴 mask 😷
face_with_thermometer 🤒 nauseated_face 🤢 exploding_head 🤯 partying_face 🥳 sunglasses 😎 nerd_face 🤓
face_with_monocle 🧐 confused 😕 worried 😟 slightly_frowning_face 🙁 open_mouth 😮 astonished 😲 flushed 😳
pleading_face 🥺 fearful 😨 cold_sweat 😰 cry 😢 sob 😭 scream 😱 disappointed 😞 sweat 😓 weary 😩
tired_face 😫 yawning_face 🥱 triumph 😤 rage 😡 angry 😠 skull 💀 hankey 💩 poop 💩 clown_face 🤡 ghost 👻
alien 👽 robot_face 🤖 see_no_evil 🙈 hear_no_evil 🙉 speak_no_evil 🙊 facepalm 🤦 shrug 🤷 eyes 👀 eye 👁️
brain 🧠 melting_face 🫠 face_holding_back_tears 🥹 smiling_face_with_tear 🥲 man-shrugging 🤷‍♂️
woman-shrugging 🤷‍♀️ man-facepalming 🤦‍♂️ woman-facepalming 🤦‍♀️ bow 🙇 dancer 💃 man_dancing 🕺 runner 🏃
running 🏃 busts_in_silhouette 👥 white_check_mark ✅ heavy_check_mark ✔️ ballot_box_with_check ☑️ x ❌
negative_squared_cross_mark ❎ heavy_plus_sign ➕ heavy_minus_sign ➖ exclamation ❗ heavy_exclamation_mark ❗
question ❓ bangbang ‼️ interrobang ⁉️ warning ⚠️ no_entry ⛔ no_entry_sign 🚫 octagonal_sign 🛑 red_circle 🔴
large_orange_circle 🟠 large_yellow_circle 🟡 large_green_circle 🟢 large_blue_circle 🔵 large_purple_circle 🟣
white_circle ⚪ black_circle ⚫ recycle ♻️ 100 💯 sos 🆘 new 🆕 ok 🆗 up 🆙 information_source ℹ️ repeat 🔁
arrow_up ⬆️ arrow_down ⬇️ arrow_left ⬅️ arrow_right ➡️ arrows_counterclockwise 🔄 one 1️⃣ two 2️⃣ three 3️⃣
four 4️⃣ five 5️⃣ six 6️⃣ seven 7️⃣ eight 8️⃣ nine 9️⃣ zero 0️⃣ keycap_ten 🔟 tada 🎉 confetti_ball 🎊
balloon 🎈 gift 🎁 trophy 🏆 medal 🏅 first_place_medal 🥇 star ⭐ star2 🌟 sparkles ✨ dizzy 💫 fire 🔥 boom 💥
collision 💥 zap ⚡ rocket 🚀 ship 🚢 airplane ✈️ car 🚗 bike 🚲 rotating_light 🚨 construction 🚧 hourglass ⌛
hourglass_flowing_sand ⏳ watch ⌚ alarm_clock ⏰ stopwatch ⏱️ calendar 📆 date 📅 bell 🔔 no_bell 🔕 mega 📣
loudspeaker 📢 speech_balloon 💬 thought_balloon 💭 bulb 💡 mag 🔍 mag_right 🔎 lock 🔒 unlock 🔓 key 🔑
hammer 🔨 wrench 🔧 hammer_and_wrench 🛠️ gear ⚙️ link 🔗 paperclip 📎 pushpin 📌 round_pushpin 📍 memo 📝
pencil 📝 pencil2 ✏️ clipboard 📋 books 📚 book 📖 bookmark 🔖 chart_with_upwards_trend 📈
chart_with_downwards_trend 📉 bar_chart 📊 email ✉️ envelope ✉️ inbox_tray 📥 outbox_tray 📤 package 📦
computer 💻 desktop_computer 🖥️ keyboard ⌨️ iphone 📱 telephone ☎️ telephone_receiver 📞 electric_plug 🔌
battery 🔋 floppy_disk 💾 camera 📷 movie_camera 🎥 microphone 🎤 headphones 🎧 musical_note 🎵 notes 🎶 art 🎨
dart 🎯 game_die 🎲 video_game 🎮 bug 🐛 bee 🐝 ant 🐜 beetle 🪲 snail 🐌 turtle 🐢 snake 🐍 dog 🐶 cat 🐱
mouse 🐭 fox_face 🦊 bear 🐻 panda_face 🐼 monkey_face 🐵 penguin 🐧 bird 🐦 owl 🦉 unicorn_face 🦄 whale 🐳
octopus 🐙 crab 🦀 butterfly 🦋 hatching_chick 🐣 evergreen_tree 🌲 cactus 🌵 palm_tree 🌴 four_leaf_clover 🍀
seedling 🌱 rose 🌹 sunflower 🌻 sunny ☀️ cloud ☁️ rain_cloud 🌧️ umbrella ☔ snowflake ❄️ snowman ⛄ rainbow 🌈
ocean 🌊 earth_africa 🌍 earth_americas 🌎 earth_asia 🌏 crescent_moon 🌙 full_moon 🌕 coffee ☕ tea 🍵 beer 🍺
beers 🍻 wine_glass 🍷 champagne 🍾 clinking_glasses 🥂 pizza 🍕 hamburger 🍔 taco 🌮 burrito 🌯 cake 🍰
birthday 🎂 cookie 🍪 doughnut 🍩 popcorn 🍿 apple 🍎 banana 🍌 avocado 🥑 hot_pepper 🌶️ house 🏠 office 🏢
moneybag 💰 dollar 💵 crown 👑 gem 💎 ring 💍 mortar_board 🎓 checkered_flag 🏁 triangular_flag_on_post 🚩
waving_white_flag 🏳️ pirate_flag 🏴‍☠️ test_tube 🧪 dna 🧬 microscope 🔬 telescope 🔭 shield 🛡️ broom 🧹
wastebasket 🗑️ crystal_ball 🔮 magic_wand 🪄 thread 🧵 jigsaw 🧩 soccer ⚽ basketball 🏀 zzz 💤 anger 💢
droplet 💧
"""
_WORDS: Final = _TABLE.split()
_PRESENTATION: Final = "\ufe0f"
_BY_NAME: Final = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))
# Of two names the first is the one Slack shows, so it wins.
_BY_EMOJI: Final = {char.replace(_PRESENTATION, ""): name for name, char in reversed(_BY_NAME.items())}
_TONES: Final = {f"skin-tone-{place}": chr(0x1F3F9 + place) for place in range(2, 7)}
_NAME_OF_TONE: Final = {char: name for name, char in _TONES.items()}


def from_slack(name: str) -> str:
    """``thumbsup`` and ``wave::skin-tone-3`` as Unicode; a name that is not known as ``:name:``."""
    base, _, tone = name.strip(":").partition("::")
    char = _BY_NAME.get(base)
    if char is None:
        return f":{name.strip(':')}:"
    return char.replace(_PRESENTATION, "") + _TONES[tone] if tone in _TONES else char


def to_slack(emoji: str) -> str | None:
    """The name Slack takes for a Unicode emoji or a ``:name:``; None where there is none."""
    if len(emoji) > 2 and emoji.startswith(":") and emoji.endswith(":"):  # noqa: PLR2004 - two colons and a name
        return emoji[1:-1]
    bare = emoji.replace(_PRESENTATION, "")
    if bare in _BY_EMOJI:
        return _BY_EMOJI[bare]
    tone = next((char for char in bare if char in _NAME_OF_TONE), "")
    base = _BY_EMOJI.get(bare.replace(tone, "")) if tone else None
    return f"{base}::{_NAME_OF_TONE[tone]}" if base else None
