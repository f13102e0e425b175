"""Words that the demo city's people are made of; nobody real is meant."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

SURNAMES: Final = "王李张刘陈杨黄周吴胡罗彭谭唐肖曾邓何谢易欧贺龙戴文熊邹汤蒋廖"
GIVEN_NAMES: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "elder": {
        "f": (
            "桂英", "秀兰", "玉珍", "淑华", "菊香", "翠娥", "月娥", "腊梅",
            "冬秀", "素芳", "金莲", "惠贞", "满秀", "银花", "佩兰", "爱莲",
        ),
        "m": (
            "国强", "建华", "德生", "运生", "长庚", "福生", "志明", "光辉",
            "树林", "正坤", "庆云", "松柏", "有才", "家驹", "炳炎", "立新",
        ),
    },
    "adult": {
        "f": ("敏", "丽华", "海燕", "红霞", "晓玲", "艳", "春梅", "娟"),
        "m": ("勇", "建军", "伟", "志刚", "海波", "斌", "小平", "磊"),
    },
    "child": {
        "f": ("梓涵", "欣怡", "语桐", "诗雨", "可馨", "思琪"),
        "m": ("浩然", "子轩", "宇航", "俊杰", "嘉豪", "一鸣"),
    },
}  # fmt: skip
MEDICAL: Final[Mapping[str, Sequence[str]]] = {
    "elder": (
        "高血压，长期服药", "糖尿病，注射胰岛素", "冠心病，备硝酸甘油", "脑卒中后遗症，右侧偏瘫",
        "慢阻肺，家中有制氧机", "帕金森病，易跌倒", "轻度认知障碍，曾走失", "骨质疏松，髋部手术后",
        "青霉素过敏", "白内障，视力差", "无特殊病史",
    ),
    "disabled": (
        "肢体二级残疾，使用轮椅", "智力二级残疾，由母亲照料", "听力一级残疾",
        "视力二级残疾，有盲杖", "癫痫，随身带药",
    ),
    "child": ("哮喘，随身带喷雾", "花生过敏", "轻度自闭症，曾走失", "无特殊病史"),
}  # fmt: skip
KEYS: Final = (
    "钥匙在楼下物业值班室", "对门邻居有备用钥匙", "钥匙在女儿处，住同小区", "门禁密码问物业",
    "门口有钥匙盒，密码见登记", "敲门后请多等一会，行动慢", "家中有狗，先打电话",
    "无备用钥匙，需请开锁",
)  # fmt: skip


def full_name(age: str, sex: str, chance: Random) -> str:
    """Return a surname and a given name usual for an "elder", "adult" or "child"."""
    return chance.choice(SURNAMES) + chance.choice(GIVEN_NAMES[age][sex])


def telephone(number: int) -> str:
    """Return a telephone number in a range that nobody has."""
    return f"199-0000-{number:04}"
