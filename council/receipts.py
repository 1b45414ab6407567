"""What a secret ballot is committed to, and the receipt's short code: standard library only.

Anybody can copy these functions and check a ballot without this program (votes-and-log.md, 2B).
"""

import hashlib
import json
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal

Answer = str | Sequence[str] | Sequence[Sequence[str]] | Mapping[str, int]
"""What a ballot says: "for", approval ["a", "b"], score {"a": 5}, ranked [["a"], ["b", "c"]]."""

DOMAIN = b"council-ballot-v1"
RANDOM_BYTES = 16
LONGEST_PHRASE = 20
"""Characters of a phrase that a voter makes up."""

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O and U, which people confuse with others."""

CODE = 8
"""Characters of a short code: the first forty bits of the commitment."""

_HEX = frozenset("0123456789abcdef")
_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_MEANT = str.maketrans("OIL", "011")

_ZH = """
清泉 柳树 荷花 石榴 月季 银杏 玉兰 梧桐 葡萄 樱桃 苹果 西瓜 南瓜 冬瓜 黄瓜 番茄 土豆 白菜
菠菜 芹菜 香菜 大葱 生姜 花生 核桃 红枣 山楂 柿子 桃子 杏仁 莲藕 芝麻 玉米 小米 高粱 豆腐
馒头 面条 饺子 包子 烧饼 油条 稀饭 豆浆 牛奶 蜂蜜 茶叶 咖啡 茶壶 水杯 碗筷 盘子 汤勺 砂锅
蒸笼 炉灶 围裙 抹布 扫帚 簸箕 水桶 脸盆 毛巾 肥皂 牙刷 梳子 镜子 剪刀 针线 纽扣 毛衣 棉袄
围巾 手套 帽子 布鞋 雨伞 雨衣 书包 铅笔 钢笔 毛笔 墨水 宣纸 信封 邮票 日历 地图 书架 台灯
书桌 板凳 沙发 窗帘 枕头 被子 床单 凉席 蒲扇 风扇 暖壶 闹钟 手表 钥匙 门铃 门牌 信箱 电话
相机 相册 喇叭 胡琴 竹笛 铜锣 腰鼓 唢呐 风筝 毽子 跳绳 皮球 象棋 围棋 纸牌 积木 陀螺 秋千
滑梯 单车 汽车 公交 地铁 火车 轮船 飞机 小船 马车 路灯 路口 石桥 小巷 街角 广场 公园 操场
学校 医院 菜场 书店 花店 茶馆 邮局 车站 码头 灯塔 钟楼 城墙 庭院 阳台 屋檐 台阶 走廊 楼梯
大门 篱笆 水井 池塘 小溪 河岸 湖面 海浪 沙滩 山坡 山谷 山顶 草地 田野 麦田 稻田 果园 菜园
花坛 竹林 松林 森林 小路 石头 泥土 沙子 瀑布 温泉 岛屿 港湾 太阳 月亮 星星 云朵 彩虹 晚霞
朝霞 春风 细雨 雪花 霜叶 露珠 晴天 清晨 正午 黄昏 夜晚 春天 夏天 秋天 冬天 立春 清明 谷雨
芒种 小暑 白露 霜降 冬至 元宵 端午 中秋 喜鹊 燕子 麻雀 鸽子 白鹤 天鹅 鸭子 公鸡 小狗 花猫
兔子 松鼠 刺猬 山羊 黄牛 骏马 熊猫 大象 斑马 梅花 蜻蜓 蝴蝶 蜜蜂 蚂蚁 青蛙 鲤鱼 金鱼 海星
贝壳 乌龟 蚕茧 蟋蟀
"""
_EN = """
apple apron arrow autumn balcony bamboo banana barley basket beach bean bell bench berry
bicycle bird biscuit blanket boat bonfire book bottle bowl bread breeze brick bridge broom
brush bucket button cabbage cabin camel camera candle canoe carrot castle cat cedar cello
chair chalk cherry chess chestnut church circus clay clock cloud clover coast coat cocoa
coffee comet copper coral corn cotton cradle crane cricket cup curtain cushion daisy dawn
deer desk dew dolphin donkey door dove dragon drum duck dune eagle easel elbow elm engine
evening falcon fan feather fence fern ferry field fig flag flute fog forest fountain fox
frog garden garlic ginger giraffe glove goat goose grape grass guitar hammer harbour hare
harp hat hazel heron hill honey horse island ivory ivy jacket jam jar jasmine jigsaw juice
kettle key kite kitten ladder lake lamp lantern lark laundry leaf lemon lemonade letter
library lighthouse lily lime linen lion lotus lunch magnet magpie maple marble market meadow
melon milk mill mirror mitten moon morning moss mountain mushroom music napkin needle nest
noodle north notebook nutmeg oak oar oasis ocean olive onion orange orchard otter owl oxen
paddle page paint palm panda paper parcel parrot path peach pear pearl pebble pencil penguin
pepper piano picnic pigeon pillow pine plum pocket pond pony poppy postcard potato pottery
pumpkin puzzle quilt rabbit radio rain rainbow raisin ribbon rice river robin rocket rope
rose saddle sail salad sand scarf school seed shell ship shoe silk silver snow soap sparrow
spoon spring squirrel stair star stone street summer swan
"""
WORDS: Mapping[str, tuple[str, ...]] = {"zh": tuple(_ZH.split()), "en": tuple(_EN.split())}
"""256 everyday words for phrases in each language."""


def canonical(answer: Answer) -> bytes:
    """Return the answer as canonical JSON (RFC 8785): names in UTF-16 order, no spaces, UTF-8."""
    if isinstance(answer, Mapping):
        names = sorted(answer, key=lambda name: name.encode("utf-16-be"))
        answer = {name: answer[name] for name in names}
    return _JSON.encode(answer).encode()


def commit(vote_id: int, choice: Answer, phrase: str, r: str) -> str:
    """Return c, in hex: SHA-256 of domain, vote, canonical choice, phrase and r, a zero between.

    >>> commit(7, "for", "清泉 石桥", "00" * 16)
    'b2d1ff714846efe6cf7b29f2b0063303defab0f24e4f7a8fd34be8eadb0520b6'
    """
    parts = (DOMAIN, str(vote_id).encode(), canonical(choice), phrase.encode(), r.encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def new_random() -> str:
    """Return r for a voter whose browser draws none: 16 random bytes in hex."""
    return secrets.token_hex(RANDOM_BYTES)


def is_random(r: str) -> bool:
    """Return whether this is an r as a ballot holds it: 32 small hex digits."""
    return len(r) == 2 * RANDOM_BYTES and set(r) <= _HEX


def new_phrase(language: Literal["zh", "en"]) -> str:
    """Return a phrase to accept: two words, drawn by the system's randomness."""
    words = WORDS[language]
    return f"{secrets.choice(words)} {secrets.choice(words)}"


def normal_phrase(typed: str) -> str:
    """Return a phrase as it is committed to: NFC, single spaces, nothing around it."""
    return " ".join(unicodedata.normalize("NFC", typed).split())


def code_of(c: str) -> str:
    """Return the short code of a commitment as people read it, `K7Q2-9MXD`."""
    number = int(c[:10], 16)
    digits = "".join(LETTERS[number >> shift & 31] for shift in range(35, -1, -5))
    return f"{digits[:4]}-{digits[4:]}"


def start_of(typed: str) -> str | None:
    """Return the hex digits with which the meant commitment starts; None for what is no code.

    Takes a short code, also with O for 0 and I or L for 1, or the whole commitment.
    """
    narrow = unicodedata.normalize("NFKC", typed)
    plain = "".join(letter for letter in narrow if letter.isalnum())
    if len(plain) == 64 and set(plain.lower()) <= set("0123456789abcdef"):
        return plain.lower()
    meant = plain.upper().translate(_MEANT)
    if len(meant) != CODE or not set(meant) <= set(LETTERS):
        return None
    number = 0
    for letter in meant:
        number = number << 5 | LETTERS.index(letter)
    return f"{number:010x}"
