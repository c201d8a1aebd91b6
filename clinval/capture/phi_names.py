"""Names of people in a free text: in Chinese, in pinyin, and as they are written in the West.

A name is taken for one by what it is made of (a family name and what given names are made of) and
by what stands around it. A word alone that is also an ordinary word is not.
"""

from __future__ import annotations

import re

__all__ = ["has_name", "is_name"]

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕"
    "丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严"
    "覃武戴莫孔向汤温康施殷葛倪申翟霍章鲁俞柳樊梅鲍祝冉舒阮宁詹庞柯焦纪聂耿邢岳齐路关欧辛管卓童苗凌"
)
_DOUBLE = "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|夏侯|司徒|宇文|长孙"
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华建国红玉兰春梅丹萍文玲波辉斌宇浩凯婷雪慧莹琳晶鹏"
    "飞龙峰俊志永健海燕佳怡欣悦子涵梓轩诺云莲凤珍琴梦洁颖瑶瑞瑾璐璇倩薇菲蕾莉莎蓉芬芝芸荣彬彪斐晓晨旭"
    "昊昌昕晖景智朋松柏栋桐楠楷森权荷菊翠碧珠琪琦瑜瑛琼璟祥祖福禄寿禧铭锋锐钧铁钢鑫铮骏驰翔翰博达远"
    "兴宏宪宝宗振家富贵德恩惠爱慈忠义仁信诚谦恒毅坚勤俭生元亮先兆光克全友发启君吉哲嘉坤培城基堂增士夏"
    "奇奎威媛婕婉婵嫣嫦学守安宁宜宾少尚山岩岚崇川巧帆广庆廷延彦思怀恬意成承才扬操政新星普朝东来林果枫"
    "柔树根梁欢武水江沛河泉泽洪津浩淑清湘源溪滨潇炎炜烨焕煜熙爽琛甜盛盼睿石礼秋立竹纯素紫红纪绍维美群"
    "耀胜芹苗茂茜荔莎菁萌葵蓓蔚裕西赫超连迪通雁雄雅雨震霖青韵顺风香馨魁鸣麟黎龄齐一二三小大世中之乐"
)
_NO_NAMES = (
    "史明|于春|于秋|于夏|孙子|高平|高大|高中|高明|高达|高发|高小|白云|白石|石英|黄金|金石|金生|方中|江河|江海"
    "|何小|夏秋|夏中|余生|程中|康中|宁静|温水|温泉|温和|路中|路通|关中|齐全|申明|章程|纪中|万元|万一|万千|"
    "莫大|任意|石林|林林|白果|马来|马上|段生|田中|向东|向西|向前|管通|曾一|许可|许少|余小|严明|管中|武大"
)
_CN = rf"(?!{_NO_NAMES})(?:(?:{_DOUBLE})|[{_SURNAMES}])[{_GIVEN}]{{1,2}}"
_WHOLE_CN = re.compile(rf"\W*{_CN}\W*")
_CN_PARTED = re.compile(rf"\W*[{_SURNAMES}]\s[{_GIVEN}](?:\s?[{_GIVEN}])?\W*")  # 王 芳
_TITLES = "先生|女士|小姐|阿姨|大爷|大妈|奶奶|爷爷|大叔|同志|老太|太太|夫人"
_CN_TITLE = re.compile(rf"[{_SURNAMES}][\u4e00-\u9fff]{{0,2}}(?:{_TITLES})|[{_SURNAMES}]某")
_RELATIVES = (
    "家属|家长|联系人|监护人|陪同人?|母亲|父亲|丈夫|妻子|爱人|配偶|儿子|女儿|之子|之女"
    "|其[父母夫妻子女]"
)
_CN_AFTER = re.compile(
    rf"(?:患者|病人|受试者|患儿|病患|{_RELATIVES}|签字|签名|名叫|名为|姓名|叫做?|[（(])"
    rf"\s*[:：,，是为]?\s*{_CN}(?![\u4e00-\u9fff])"
)
_SAYS = (
    "自?诉|主诉|自述|反映|来电|要求|拒绝|称|于|因|已|在|今|未|无法|配合|同意|不愿|行|复查|复诊|的"
    "|到|出现|检查"
)
_CN_AFTER_LEAD = re.compile(rf"(?:患者|病人|受试者|患儿|{_RELATIVES})\s*{_CN}(?={_SAYS})")
_CN_BEFORE = re.compile(
    rf"(?<![\u4e00-\u9fff]){_CN}"
    rf"(?:[ ,，、/（(]{{0,2}}[男女](?![\u4e00-\u9fff])|[ ,，、/（(]{{1,2}}\d{{1,3}} ?岁"
    rf"|(?:自?诉|主诉|自述|反映|来电)|的?(?:{_RELATIVES}))"
)

_PINYIN_SURNAME = re.compile(
    "wang|li|zhang|liu|chen|yang|huang|zhao|wu|zhou|xu|sun|ma|zhu|hu|guo|gao|lin|luo|zheng|liang"
    "|xie|tang|feng|deng|cao|peng|zeng|xiao|tian|dong|yuan|jiang|cai|du|ye|cheng|su|wei|lv|lyu|ding"
    "|ren|shen|yao|lu|cui|zhong|lei|liao|jia|xia|fu|zou|meng|xiong|qin|qiu|yin|xue|yan|duan|hou|tao"
    "|gu|hao|shao|qian|ouyang|zhuang|zhai|qiao|xing",
    re.IGNORECASE,
)
_INITIAL = "(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])"
_FINAL = (
    "(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|ai|ei|ao|ou|an|en|in|un|ia|ie|iu|ua|uo|ui|ue"
    "|er|[aeiouv])"
)
_GIVEN_PINYIN = re.compile(
    rf"{_INITIAL}?{_FINAL}(?:['-]{_FINAL}|['-]?{_INITIAL}{_FINAL})?", re.IGNORECASE
)
_TWO_SYLLABLES = re.compile(rf"{_INITIAL}{_FINAL}['-]?{_INITIAL}{_FINAL}", re.IGNORECASE)
_TWO_WORDS = re.compile(
    r"(?<![\w.-])(?=([A-Z][A-Za-z'-]{1,12}),?[ _]([A-Z][A-Za-z'-]{0,12})(?![\w]))"
)
_PLACE = re.compile(
    "wu han|wu xi|jiang su|jiang xi|shen zhen|zhu hai|tang shan|huang shan|lu shan|hu nan|hu bei"
    "|tian jin|su zhou|yang zhou|xu zhou|fu jian|fu zhou|lin yi|cheng du|shen yang|yan an|jia xing"
    "|wei hai|yin chuan",
    re.IGNORECASE,
)

# given names that are not words, months or places besides
_FIRST = (
    "Aaron|Abigail|Adam|Adrian|Agnes|Ahmed|Alan|Albert|Alejandro|Alessandro|Alexander|Alexandra|Alfred"
    "|Alice|Alison|Amanda|Amelia|Amy|Ana|Andrea|Andreas|Andrew|Angela|Anita|Anja|Ann|Anna|Anne|Annika"
    "|Anthony|Antonio|Arthur|Barbara|Beatrice|Benjamin|Bernd|Betty|Birgit|Brenda|Brian|Bruce|Carl"
    "|Carlos|Carmen|Carol|Caroline|Catherine|Cathy|Charles|Charlotte|Chiara|Chloe|Christian|Christina"
    "|Christine|Christopher|Claire|Claudia|Cynthia|Dagmar|Daniel|Daniela|David|Deborah|Denise|Dennis"
    "|Diana|Diane|Diego|Dieter|Donald|Donna|Doris|Dorothy|Douglas|Edward|Eleanor|Elena|Elizabeth|Ella"
    "|Ellen|Emily|Emma|Eric|Erika|Esther|Eugene|Evelyn|Fatima|Felix|Fernando|Fiona|Florian|Frances"
    "|Francesca|Francis|Francisco|Frederick|Friedrich|Gabriel|Gabriele|Gary|Geoffrey|George|Gerald"
    "|Gerhard|Gisela|Giovanni|Giulia|Gloria|Gordon|Greg|Gregory|Hannah|Hans|Harold|Harry|Heather"
    "|Heike|Heinz|Helen|Helga|Helmut|Henry|Herbert|Hiroshi|Howard|Hugo|Ian|Ingrid|Isabel|Isabella"
    "|Jacob|Jacqueline|James|Jane|Janet|Janice|Jason|Javier|Jean|Jeffrey|Jennifer|Jeremy|Jessica|Jill"
    "|Joachim|Joan|Joanna|John|Jonas|Jonathan|Jorge|Jose|Joseph|Joshua|Joyce|Juan|Judith|Judy|Julia"
    "|Julian|Julie|Jun|Justin|Karen|Karin|Karl|Katharina|Katherine|Kathleen|Kathryn|Keith|Kelly|Kenji"
    "|Kenneth|Kevin|Klaus|Larry|Laura|Lauren|Lawrence|Leonard|Linda|Lisa|Lois|Lorraine|Louis|Louise"
    "|Lucas|Lucy|Luis|Luisa|Lukas|Magdalena|Manfred|Manuel|Margaret|Maria|Marie|Marilyn|Mario|Marion"
    "|Marta|Martha|Martin|Mary|Matthew|Matthias|Megan|Melissa|Michael|Michelle|Miguel|Mohammed|Monica"
    "|Monika|Nancy|Natalie|Nathan|Nicholas|Nicole|Nina|Norma|Olga|Oliver|Olivia|Oscar|Pablo|Pamela"
    "|Patricia|Patrick|Paul|Paula|Pedro|Peter|Petra|Philip|Phyllis|Rachel|Ralph|Raymond|Rebecca|Renate"
    "|Richard|Robert|Roberto|Roger|Roland|Ronald|Rosemary|Roy|Russell|Ruth|Ryan|Sabine|Samantha|Samuel"
    "|Sandra|Sara|Sarah|Sean|Sebastian|Sergio|Sharon|Shirley|Simon|Sofia|Sophia|Sophie|Stefan|Stephanie"
    "|Stephen|Steven|Susan|Susanne|Suzanne|Sven|Sylvia|Tanja|Teresa|Theodore|Theresa|Thomas|Timothy"
    "|Tina|Tom|Ulrich|Ursula|Uwe|Valerie|Vanessa|Veronica|Victor|Victoria|Vincent|Virginia|Walter|Wanda"
    "|Wayne|Werner|William|Wolfgang|Yolanda|Yuki|Yusuf"
)
_NOT_AFTER = (
    "Test|Sign|Scan|Scanner|Score|Protocol|Hospital|Clinic|Street|Institute|University|Medical|Center"
    "|Centre|Criteria|Classification|Fracture|Syndrome|Disease|Catheter|Needle|Method|Formula|Scale"
    "|Index|Splint|Phantom|Coil|Gruber|Workstation|Room|College|Imaging|Healthcare|Systems|Version"
    "|Filter|Tube|Line|Law|Procedure|Operation|Position|View|River|Schein"
)
_NAME_WORD = (
    "(?:(?:van|von|de|der|den|del|la|le|di|da|al)[ -])*(?:Mc|Mac|O['’]|D['’])?"
    "[A-ZÀ-ÞŁŠŽ][a-zß-ÿłšžćń]+(?:-[A-Z][a-zß-ÿ]+)?"
)
_WESTERN = re.compile(
    rf"\b(?:{_FIRST})[ _](?:[A-Z]\.? )?(?!(?:{_NOT_AFTER})\b){_NAME_WORD}\b"
    rf"(?! (?:{_NOT_AFTER})\b)"
    rf"|\b{_NAME_WORD}, ?(?:{_FIRST})\b"
    rf"|\b(?:{_FIRST.upper()})[ _](?:[A-Z]\.? )?(?!(?:{_NOT_AFTER.upper()})\b)[A-Z][A-Z'-]{{2,}}\b"
    rf"|\b[A-Z][A-Z'-]{{2,}}, ?(?:{_FIRST.upper()}|{_FIRST})\b"
)
_NOT_NAMES = (
    "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August"
    "|September|October|November|December|English|German|Chinese|French|Spanish|Dr|Prof|MRI|The|And"
)
_WESTERN_CONTEXT = re.compile(
    rf"\b(?:[Pp]atient|[Pp]t\.?|[Ss]ubject|[Vv]olunteer) ?:? (?:[A-Z]\. ?)+{_NAME_WORD}"
    rf"|\b(?:[Pp]atient|[Pp]t\.?|[Ss]ubject|[Vv]olunteer) (?:named|called|is called)"
    rf" (?!(?:{_NOT_NAMES})\b){_NAME_WORD}"
    rf"|\b(?:wife|husband|daughter|son|mother|father|sister|brother|carer|caregiver|spouse|neighbour)"
    rf" ?[,(]? ?(?!(?:{_NOT_NAMES})\b)[A-Z][a-zß-ÿ]{{2,}}\b"
    rf"|[A-Za-z]{{2,}}\^[A-Za-z]{{2,}}"  # as DICOM writes it
)
_TITLE = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Herrn?|Frau|Mme|Madame|Monsieur|Sra?)\b\.? [A-Z][a-zß-ÿ]+"
)
_LABEL = re.compile(
    r"\b(?:patient(?:'s)? name|full name|first name|last name|surname|family name)\b"
    r"\s*(?:[:=]\s*\w|(?:is )?(?-i:[A-ZÀ-Þ\u4e00-\u9fff]))"
    r"|(?:^|[;,.]\s*)(?:pt\.? )?name\s*[:=]\s*\w"
    r"|\b(?:my|his|her) name is \w"
    r"|(?:姓名|患者名|病人名|名字)\s*(?:是|为(?!空)|叫|[:：=])|姓名\s+\w"
    r"|姓[王李张刘陈杨赵吴周徐孙马朱胡郭林罗郑]"
    r"|\b(?i:vorname|nachname|apellidos?|prénom)\b\W{1,3}\w",
    re.IGNORECASE | re.MULTILINE,
)


def has_name(text: str) -> bool:
    """Return whether a text names a person.

    Examples
    --------
    >>> has_name("Thomas test negative"), has_name("as told by Thomas Muller")
    (False, True)
    >>> has_name("患者金属植入物"), has_name("患者金玉兰诉头晕")
    (False, True)
    """
    if not text.isascii() and (
        is_name(text)
        or _CN_TITLE.search(text)
        or _CN_AFTER.search(text)
        or _CN_AFTER_LEAD.search(text)
        or _CN_BEFORE.search(text)
    ):
        return True
    patterns = (_TITLE, _LABEL, _WESTERN, _WESTERN_CONTEXT)
    return any(pattern.search(text) for pattern in patterns) or _in_pinyin(text)


def is_name(text: str) -> bool:
    """Return whether a text is a Chinese name and nothing else."""
    return bool(_WHOLE_CN.fullmatch(text) or _CN_PARTED.fullmatch(text))


def _in_pinyin(text: str) -> bool:
    return any(_is_pinyin(*found.groups()) for found in _TWO_WORDS.finditer(text))


def _is_pinyin(one: str, other: str) -> bool:
    """Return whether two capitalised words are a family name and a given one, in either order."""
    if _PLACE.fullmatch(f"{one} {other}"):
        return False
    if _PINYIN_SURNAME.fullmatch(one) and not other.isupper():
        return bool(_GIVEN_PINYIN.fullmatch(other))
    return bool(_PINYIN_SURNAME.fullmatch(other) and _TWO_SYLLABLES.fullmatch(one))
